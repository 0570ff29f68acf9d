"""``run-order``: carry out what a server was asked for, in a process of its own; people have no use for it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import click

from emo_core.cli.evaluate import compare_protocols
from emo_core.cli.study import study_of_order
from emo_core.cli.terminal import NATURAL, PATH
from emo_core.cli.train import train_from_clips
from emo_core.errors import UNEXPECTED, EmoError
from emo_core.jobs.progress import ProgressWriter
from emo_core.jobs.queue import PROGRESS, Order, read_order

_WORK: dict[str, Callable[[Order, ProgressWriter], str]] = {
    "train": train_from_clips, "protocols": compare_protocols, "study": study_of_order,
}  # fmt: skip


@click.command(hidden=True)
@click.argument("folder", type=PATH)
@click.option("--nice", type=NATURAL, default=0, help="How far it stands back behind other processes.")
def run_order(folder: Path, nice: int) -> None:
    """Carry out the order in FOLDER, and keep there how far it is."""
    order = read_order(folder)
    if order is None:
        raise click.UsageError(f"{folder} holds no order")
    os.nice(nice)
    print(carry_out(order, ProgressWriter(folder / PROGRESS)))


def carry_out(order: Order, writer: ProgressWriter) -> str:
    """Do it and say in one line what came out; the progress tells how it ended, whatever happens.

    A server stops it with SIGTERM, at any moment.
    """
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result = _WORK[order.kind](order, writer)
    except KeyboardInterrupt:
        writer.end("stopped", "Stopped; a training goes on after its last whole epoch, a study after its last clip.")
        raise
    except EmoError as error:
        writer.end("failed", str(error))
        raise
    except OSError as error:
        writer.end("failed", f"Writing or reading failed ({error.strerror or error}): free some space and try again.")
        raise
    except Exception:
        writer.end("failed", UNEXPECTED)
        raise
    finally:
        signal.signal(signal.SIGTERM, earlier)
    writer.end("done", result.splitlines()[-1])
    return result
