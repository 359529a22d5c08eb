"""Several people at once in one process, one at a time: who goes on after each wait is the schedule's choice.

Each actor is a thread that runs only while it holds the baton, so that the same choices give the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Closed(BaseException):
    """The play is over."""


class Actor:
    """Somebody who does something, with waits in between."""

    def __init__(self, name: str, script: Callable[[], None]) -> None:
        self.name = name
        self.done = False
        self.error: BaseException | None = None
        self.closing = False
        self._script = script
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Let it go on until its next wait; raises what it raised."""
        self._go.release()
        self._back.acquire()
        if self.error is not None:
            error, self.error = self.error, None
            raise error

    def wait(self) -> None:
        """Give the baton back until the next step; called in the actor's own thread."""
        self._back.release()
        self._go.acquire()
        if self.closing:
            raise Closed

    def close(self) -> None:
        """End it where it waits."""
        self.closing = True
        while not self.done:
            self._go.release()
            self._back.acquire()
        self._thread.join()

    def _run(self) -> None:
        _here.actor = self
        self._go.acquire()
        try:
            if not self.closing:
                self._script()
        except Closed:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to whoever let it go on
            self.error = error
        finally:
            self.done = True
            self._back.release()


class _Here(threading.local):
    actor: Actor | None = None


_here = _Here()


class Loom:
    """All actors of one play."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []

    def spawn(self, name: str, script: Callable[[], None]) -> Actor:
        """Add an actor, who begins at its first step."""
        actor = Actor(name, script)
        self.actors.append(actor)
        return actor

    def waiting(self) -> list[Actor]:
        """Return those who are not done."""
        self.actors = [actor for actor in self.actors if not actor.done]
        return self.actors

    def pause(self) -> None:
        """Wait for the next step; outside of any actor do nothing."""
        if _here.actor is not None:
            _here.actor.wait()

    def close(self) -> None:
        """End all actors."""
        for actor in self.actors:
            actor.close()
