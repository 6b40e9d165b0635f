"""A trained model behind HTTP. Needs the extra ``serve``."""

try:
    import fastapi  # noqa: F401
    import prometheus_client  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "serving needs fastapi, uvicorn and prometheus-client: pip install 'xcgraph[serve]'", name=error.name
    ) from error

from .app import create_app
from .guard import Guard
from .label_search import LabelSearch
from .limits import Limits
from .live_model import LiveModel
from .predict_request import PredictRequest
from .request_meter import RequestMeter
from .served_model import ServedModel
from .server import listen, serve
from .workers import Workers

__all__ = [
    "Guard",
    "LabelSearch",
    "Limits",
    "LiveModel",
    "PredictRequest",
    "RequestMeter",
    "ServedModel",
    "Workers",
    "create_app",
    "listen",
    "serve",
]
