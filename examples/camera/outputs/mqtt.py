"""Events to a broker of the local network. While it is gone they wait, in order."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_infer import BadInput, Unavailable
from examples.camera import network

if TYPE_CHECKING:
    import socket

    from examples.camera.config.schema import MqttSettings

MOST_WAITING = 10_000
MQTT_ERR_QUEUE_SIZE = 15
LEAVE_S = 3.0
"""At the end, so long is waited for the broker to take what waits."""


class Mqtt:
    """Publishes each line at least once, under `TOPIC/events`."""

    def __init__(self, settings: MqttSettings) -> None:
        """Begin to connect; the broker need not be there yet.

        Raises:
            Unavailable: paho-mqtt is not installed.
            BadInput: the password file cannot be read.
        """
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise Unavailable(
                "a broker needs paho-mqtt", actual=error, hint="pip install paho-mqtt"
            ) from error

        class LocalClient(Client):
            """Connects within the local network alone, whatever the broker's name means by now."""

            def _create_socket_connection(self) -> socket.socket:
                try:
                    return network.connect(self.host, self.port, timeout_s=self.connect_timeout)
                except Unavailable as wrong:
                    words = str(wrong).replace("\n", ";")
                    print(f"the broker is not connected to: {words}", file=sys.stderr)
                    raise ConnectionError(words) from wrong

        self._topic = settings.topic
        self._told = self._taken = 0
        self._status: set[int] = set()
        self._leaving = False
        self._client: Any = LocalClient(CallbackAPIVersion.VERSION2, clean_session=True)
        self._client.max_queued_messages_set(MOST_WAITING)
        self._client.reconnect_delay_set(1, 30)
        if settings.user:
            self._client.username_pw_set(settings.user, _password(settings))
        self._client.will_set(f"{settings.topic}/status", "offline", qos=1, retain=True)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_publish = self._published
        self._client.connect_async(settings.host, settings.port, keepalive=30)
        self._client.loop_start()

    def tell(self, line: str) -> None:
        """Publish a line, now or when the broker is there."""
        sent = self._client.publish(f"{self._topic}/events", line, qos=1)
        if sent.rc == MQTT_ERR_QUEUE_SIZE:
            print("too many events wait for the broker: one was lost", file=sys.stderr)
        else:
            self._told += 1

    def _connected(self, client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            print(f"the broker refuses: {code}", file=sys.stderr)
        else:
            sent = client.publish(f"{self._topic}/status", "online", qos=1, retain=True)
            self._status.add(sent.mid)

    def _published(self, _client: Any, _data: Any, mid: int, _code: Any, _more: Any) -> None:
        if mid not in self._status:
            self._taken += 1

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if not self._leaving:
            print(f"the broker is gone, events wait: {code}", file=sys.stderr)

    def close(self) -> None:
        """Wait a little for the broker to take what waits, then leave."""
        self._leaving = True
        until = time.monotonic() + LEAVE_S
        while self._taken < self._told:
            if time.monotonic() > until:
                print("the broker did not take the last events", file=sys.stderr)
                break
            time.sleep(0.02)
        self._client.publish(f"{self._topic}/status", "offline", qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()


def _password(settings: MqttSettings) -> str | None:
    if not settings.password_file:
        return None
    try:
        return Path(settings.password_file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "cannot read the password",
            expected=settings.password_file,
            actual=error,
            hint="check mqtt.password_file and who may read it",
        ) from error
