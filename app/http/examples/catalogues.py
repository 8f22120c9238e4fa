"""Catalogues and what is done to all that they hold, as examples."""

from app.http.schemas.catalogues import CatalogueSettingsSchema, CataloguesSchema, CatalogueStatsSchema
from app.http.schemas.health import AliveSchema, ReadySchema
from app.http.schemas.upkeep import ErasureSchema

EXAMPLES = {
    CataloguesSchema: {"catalogues": [{"name": "shop"}]},
    CatalogueSettingsSchema: {
        "searchable": ["title", "brand", "details.material"],
        "synonyms": [["sofa", "couch", "settee"], ["tv", "television set"]],
    },
    CatalogueStatsSchema: {
        "products": {"total": 1042, "ready": 1040, "pending": 1, "failed": 1},
        "media": {"image": {"count": 1311, "bytes": 63204112}, "speech": {"count": 0, "bytes": 0}},
        "spaces": [
            {"id": 2, "state": "active", "answers": True, "products": 1040, "vectors": {"text": 1040, "image": 1309}}
        ],
    },
    ErasureSchema: {"catalogue": "shop", "sku": "shoe-1"},
    AliveSchema: {"status": "ok"},
    ReadySchema: {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "space": True, "broker": True},
        "workers": {"query": True, "embed": True, "import": True, "upkeep": True},
        "warnings": [],
    },
}
