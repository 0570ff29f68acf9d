"""The sound of a video, taken over into another one at the same times."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer, OutputContainer

from emo_core.video.source import NO_LIMITS, clean_name, open_container, open_file

_TAKEN_AS_IT_IS = frozenset({"aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"})  # what an mp4 may hold
_RATE_HZ = 48000


class Sound:
    """One pass over the sound of a video; use it as a context manager. Where there is none, it gives none.

    Args:
        source: path or content of the video.
        end_s: where to end, in seconds on the file's own clock.
    """

    def __init__(self, source: Path | str | bytes, end_s: float) -> None:
        self._source, self._end_s = source, end_s
        self._resources = ExitStack()
        self._waiting: av.Packet[av.AudioStream] | None = None
        self._packets: Iterator[av.Packet[av.AudioStream]] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def attach(self, target: OutputContainer) -> None:
        """Give a new video a stream for the sound; call it before anything is written.

        Raises:
            VideoError: the source cannot be read any more.
        """
        name = clean_name("video" if isinstance(self._source, bytes) else str(self._source))
        file, _ = open_file(self._source, name, NO_LIMITS)
        self._resources.enter_context(file)
        container = self._resources.enter_context(open_container(file, name, NO_LIMITS))
        stream = next((item for item in container.streams.audio if item.codec_context is not None), None)
        if stream is None:
            return
        zero_s = (container.start_time or 0) / av.time_base
        if stream.codec_context.name in _TAKEN_AS_IT_IS:
            self._packets = _copied(container, stream, target.add_stream_from_template(stream), zero_s)
        else:
            self._packets = _encoded(container, stream, target, zero_s)

    def until(self, time_s: float) -> Iterator["av.Packet[av.AudioStream]"]:
        """The packets that begin before a time and were not given yet; whatever cannot be read is left out."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = packet
            if packet is None or packet.pts is None or float(packet.pts * packet.time_base) >= min(time_s, self._end_s):
                return
            self._waiting = None
            yield packet


def _copied(
    source: InputContainer, stream: av.AudioStream, target: av.AudioStream, zero_s: float
) -> Iterator["av.Packet[av.AudioStream]"]:
    """Packets on the clock of the file; those before its start, or that do not get on, are left out."""
    last = -1
    try:
        for packet in source.demux(stream):
            if packet.pts is None or packet.dts is None or not packet.size:
                continue
            shift = round(zero_s / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            if packet.dts > last and packet.pts >= 0:
                last = packet.dts
                packet.stream = target
                yield packet
    except av.FFmpegError:
        return


def _encoded(
    source: InputContainer, stream: av.AudioStream, container: OutputContainer, zero_s: float
) -> Iterator["av.Packet[av.AudioStream]"]:
    """Sound that an mp4 cannot hold, as AAC."""
    target = container.add_stream("aac", _RATE_HZ)
    target.layout = "stereo"

    def packets() -> Iterator["av.Packet[av.AudioStream]"]:
        resampler = AudioResampler("fltp", "stereo", _RATE_HZ)
        begun: int | None = None
        try:
            for frame in source.decode(stream):
                if begun is None:
                    begun = round(((frame.time or 0.0) - zero_s) * _RATE_HZ)
                for part in resampler.resample(frame):
                    part.time_base = Fraction(1, _RATE_HZ)
                    part.pts = begun
                    begun += part.samples
                    yield from target.encode(part)
        except av.FFmpegError:
            pass
        yield from target.encode(None)

    return packets()
