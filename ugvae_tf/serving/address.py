"""The address of a model on a server: `http://HOST:8501/v1/models/NAME`."""

import re
from typing import NamedTuple

from ugvae_tf.errors import UserError


class ServerAddress(NamedTuple):
    """The address of a model in TensorFlow Serving's REST interface."""

    model_url: str  # http://HOST:8501/v1/models/NAME
    name: str
    choice: str  # /versions/N or /labels/LABEL, or empty for the newest version

    @property
    def shown(self) -> str:
        """The address for messages and records, without a user's name and password."""
        return without_password(self.model_url)

    @classmethod
    def parse(cls, address: str) -> "ServerAddress | None":
        """The address in a URL, None for a folder; raises UserError for any other URL."""
        if not re.match(r"[a-z]+://", address):
            return None
        found = re.fullmatch(r"(https?://[^/]+.*/v1/models/([^/:?]+))((?:/versions/\d+|/labels/[^/:?]+)?)/?", address)
        if found is None:
            raise UserError(
                f"{without_password(address)} is not the address of a model on a server: "
                f"give http://HOST:8501/v1/models/NAME, with /versions/N for an older version."
            )
        return cls(found[1], found[2], found[3])


def without_password(address: str) -> str:
    """The address without what stands before the @ of its host."""
    return re.sub(r"//[^/]*@", "//", address)
