"""The command line: ``hybrid-emotion analyze | app | evaluate | dataset | train`` and more; ``--help`` lists all.

``python -m emo_core`` is the same in a checkout that is not installed.
"""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import click

from emo_core import SOFTWARE, __version__, extras
from emo_core.cli.analyze import analyze
from emo_core.cli.dataset import dataset
from emo_core.cli.evaluate import evaluate
from emo_core.cli.evaluate_frames import evaluate_frames
from emo_core.cli.experiments import ablate, check_heatmaps, protocols
from emo_core.cli.fit import fit_decision, fit_presence
from emo_core.cli.models import model
from emo_core.cli.run_order import run_order
from emo_core.cli.terminal import PROGRAM
from emo_core.cli.train import train
from emo_core.cli.train_frames import train_frames
from emo_core.errors import EmoError, os_remedy
from emo_core.files import folders


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message=SOFTWARE)
def commands() -> None:
    """Hybrid emotion in face video."""


for _command in (
    *(analyze, evaluate, evaluate_frames, dataset, model, train, train_frames),
    *(fit_decision, fit_presence, ablate, protocols, check_heatmaps, run_order),
):
    commands.add_command(_command)


@commands.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, metavar="N", help="Port.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="0.0.0.0 lets others in.")
def app(port: int, host: str) -> None:
    """Start the app in a server on this machine; Ctrl-C ends it.

    Whoever reaches the port is a visitor: read SECURITY.md before you listen on another address.
    """
    extras.need("streamlit")
    extras.need("streamlit_webrtc")
    words = ("run", str(folders.ROOT / "streamlit_app.py"), "--server.port", str(port), "--server.address", host)
    server = subprocess.Popen([sys.executable, "-m", "streamlit", *words])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.terminate())
    raise click.exceptions.Exit(max(server.wait(), 0))  # below 0: ended by a signal, as it was asked to


def script() -> int:
    """Run the command of this process as ``hybrid-emotion``."""
    return run("hybrid-emotion")


def run(program: str) -> int:
    """Run the command of this process, on a terminal that may lack a sign: it shows ? for it.

    Args:
        program: what the user calls it.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return main(program=program)


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command.

    Args:
        arguments: its words; those of this process by default.
        program: what the user calls the command line.

    Returns:
        0 when it worked, 1 with one sentence on standard error when the user can mend what failed, 2 when the words
        are no command, 130 when it was stopped.
    """
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        with commands.make_context(program, words) as context:
            commands.invoke(context)
        sys.stdout.flush()
    except EmoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "emo_core":
            raise
        print(f"error: {extras.missing(error.name)}", file=sys.stderr)
        return 1
    except click.exceptions.Exit as ended:  # --help
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:  # the reader, such as head, has seen enough; what is left must not fail at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a folder that cannot be written, a full disk
        what, why = f" {str(error.filename)[-200:]}" if error.filename else "", error.strerror or error
        print(f"error: Reading or writing{what} failed ({why}). {os_remedy(error)}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, click.Abort):
        print("stopped", file=sys.stderr)
        return 130
    return 0
