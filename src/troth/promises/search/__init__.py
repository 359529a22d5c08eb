"""Looking for people's values in everything a store wrote, whatever it is wrapped or encoded in."""

from troth.promises.search.needles import Hit, KeyNeedles, Needles, Secret
from troth.promises.search.places import Found, Place, Unsearchable, count_keys, look, places_of
from troth.promises.search.unpack import layers

__all__ = [
    "Found", "Hit", "KeyNeedles", "Needles", "Place", "Secret", "Unsearchable", "count_keys", "layers", "look",
    "places_of",
]  # fmt: skip
