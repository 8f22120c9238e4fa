"""What gunicorn serves."""

from app.http.app import create_app
from app.settings import Settings

application = create_app(Settings.from_env())
