"""Speech made offline by eSpeak NG: the sample catalogue's spoken queries."""

import ctypes
import io
import tempfile
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import espeakng_loader

from app.errors import VoiceUnknown

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: samples go to the callback, the call returns when all are there
_DO_NOT_EXIT = 0x8000  # a failed start returns instead of ending the process
_UTF8 = 1
_RATE, _PITCH = 1, 3  # espeak_PARAMETER
_LONGEST_PATH = 120  # bytes: the library keeps its data path in 160 and appends to it
_LOCK = threading.Lock()  # the library has one global state

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),  # a priority byte, then the language's name
        ("identifier", ctypes.c_char_p),  # its file below lang/
    )


def voices() -> list[str]:
    """The voices that can be asked for, by language: `en-gb`, `en-us`, `cmn`, `de` …; sorted."""
    return sorted(_files())


def variants() -> list[str]:
    """The variants that any voice can be given after a plus sign, `en-us+f3`: `f1`, `m7`, `whisper` …; sorted."""
    return sorted(path.name for path in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir())


def synthesise(text: str, *, voice: str, rate: int = 160, pitch: int = 50) -> bytes:
    """Speaks a text. Any thread may call; one speaks at a time.

    Args:
        text: What to say; a text without anything to say gives next to no samples.
        voice: One of `voices()`, and after a plus sign one of `variants()` if wanted.
        rate: Words a minute, 80 to 450.
        pitch: 0 to 100.

    Returns:
        A WAV file: 16 bit, mono, 22,050 Hz. The same arguments give the same recording in one version of the library,
        byte for byte in a plain voice; some variants read memory that nobody set and differ in a few samples.

    Raises:
        VoiceUnknown: If there is no such voice or variant.
    """
    language, plus, variant = voice.partition("+")
    file = _files().get(language.lower())
    if file is None:
        raise VoiceUnknown(f"{voice!r}: there is no voice {language!r}; there are {', '.join(voices())}")
    if plus and variant not in variants():
        raise VoiceUnknown(f"{voice!r}: there is no variant {variant!r}; there are {', '.join(variants())}")
    with _library() as (library, hertz):
        if library.espeak_SetVoiceByName(f"{file}{plus}{variant}".encode()) != 0:
            raise VoiceUnknown(f"{voice!r} cannot be loaded")
        return _wav(_speak(library, text, rate, pitch), hertz)


def _speak(library: ctypes.CDLL, text: str, rate: int, pitch: int) -> bytes:
    """Samples as little-endian 16-bit numbers; the voice has been set."""
    chunks: list[bytes] = []

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count > 0:
            chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _Callback(collect)  # held here: the library keeps a bare address
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetParameter(_RATE, rate, 0)
    library.espeak_SetParameter(_PITCH, pitch, 0)
    spoken = text.replace("\0", " ").encode() + b"\0"
    library.espeak_Synth(spoken, ctypes.c_size_t(len(spoken)), 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return b"".join(chunks)


def _wav(samples: bytes, hertz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(hertz)
        recording.writeframes(samples)
    return file.getvalue()


@contextmanager
def _library() -> Iterator[tuple[ctypes.CDLL, int]]:
    """A freshly loaded library and its sample rate in Hz.

    Its noise and intonation depend on what it said before; unloading it (some ms) makes each recording repeatable.
    """
    with _LOCK:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        try:
            hertz = int(library.espeak_Initialize(_SYNCHRONOUS, 0, str(_data_path()).encode(), _DO_NOT_EXIT))
            if hertz <= 0:
                raise VoiceUnknown(f"no voice can be loaded from {espeakng_loader.get_data_path()}")
            yield library, hertz
        finally:
            library.espeak_Terminate()
            ctypes.CDLL(None).dlclose(ctypes.c_void_p(library._handle))  # noqa: SLF001  # ctypes has no public way


@lru_cache(maxsize=1)
def _files() -> dict[str, str]:
    """Voice by language -> the name of its file, which is what the library finds it by."""
    files: dict[str, str] = {}
    with _library() as (library, _):
        listed = library.espeak_ListVoices(None)
        index = 0
        while listed[index]:
            voice = listed[index].contents
            language = ctypes.string_at(voice.languages + 1).decode()
            files.setdefault(language.lower(), voice.identifier.decode().rpartition("/")[2])
            index += 1
    return files


@lru_cache(maxsize=1)
def _data_path() -> Path:
    """The voices' folder, through a short link if its own path is too long for the library."""
    folder = Path(espeakng_loader.get_data_path())
    if len(str(folder).encode()) <= _LONGEST_PATH:
        return folder
    link = Path(tempfile.mkdtemp(prefix="voices-")) / folder.name
    link.symlink_to(folder)
    return link
