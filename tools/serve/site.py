"""Print the nginx site for several processes of the studio on one machine; docs/how-to/serve.md says where it goes.

.venv/bin/python -m tools.serve.site --name studio.example.org --port 8501 --port 8502
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emo_core.files import limits


def site(
    ports: Sequence[int],
    *,
    name: str = "localhost",
    listen: str = "80",
    certificate: str = "",
    key: str = "",
    logs: str = "/var/log/nginx",
) -> str:
    """The site.

    Args:
        ports: of the processes, which listen on 127.0.0.1.
        name: of the host, as visitors type it.
        listen: port, or address and port, that visitors reach.
        certificate: file of the TLS certificate; empty for plain HTTP.
        key: file of its key.
        logs: folder of its logs.

    Raises:
        ValueError: there is no port, or the same one twice.
    """
    if not ports or len(set(ports)) != len(ports):
        raise ValueError("name the port of each process once")
    place = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=False)
    return place.get_template("site.conf.j2").render(
        ports=list(ports), name=name, listen=listen, certificate=certificate, key=key, logs=logs, most_mb=limits.MAX_MB
    )


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="localhost", help="of the host, as visitors type it")
    parser.add_argument("--port", type=int, action="append", required=True, help="of a process; once for each")
    parser.add_argument("--listen", default="", help="port that visitors reach; 443 with a certificate, else 80")
    parser.add_argument("--certificate", default="", help="file of the TLS certificate")
    parser.add_argument("--key", default="", help="file of its key")
    given = parser.parse_args()
    if bool(given.certificate) != bool(given.key):
        parser.error("--certificate and --key go together")
    listen = given.listen or ("443" if given.certificate else "80")
    try:
        print(site(given.port, name=given.name, listen=listen, certificate=given.certificate, key=given.key))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
