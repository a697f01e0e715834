"""Takes messages from an MQTT broker: each is acknowledged only after it is durable, so that none is lost.

The session is persistent and the quality of service 1: what comes while this process is away waits at the broker, and
what was taken but not acknowledged comes again and is known by its key.
"""

import logging
import queue
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from api.ingest.intake import Delivery, Intake, Outcome
from api.ingest.record import Arrival
from api.store.errors import StoreError

_LOGGER = logging.getLogger(__name__)
MAX_WAITING = 2_000
"""Messages in memory; beyond that the broker keeps them."""

MAX_TOGETHER = 200
"""Messages of one commit."""

MAX_BODY_BYTES = 1_000_000
LONGEST_PAUSE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A topic filter, and the format of what comes there."""

    topic: str
    format_name: str


THINGS_STACK = Subscription(topic="v3/+/devices/+/up", format_name="things_stack")
CHIRPSTACK = Subscription(topic="application/+/device/+/event/+", format_name="chirpstack")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is, and how to speak with it.

    Attributes
    ----------
    client_id
        Names the persistent session: keep it, and use it once.
    ca_file, certificate_file, key_file
        Files of TLS; the system's authorities without ``ca_file``.
    """

    host: str
    port: int
    client_id: str
    has_tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password: str | None = None
    keepalive_s: int = 30


@dataclass(slots=True)
class ConsumerCounts:
    """What has happened so far."""

    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    ignored: int = 0
    quarantined: int = 0
    connects: int = 0
    failed_commits: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message in memory; ``connection`` counts connections, as packet ids begin anew with sessions."""

    delivery: Delivery
    packet_id: int
    qos: int
    connection: int


class MqttConsumer:
    """Takes in what a broker delivers, until it is stopped.

    Parameters
    ----------
    intake
        Where messages go.
    now
        The clock.
    """

    def __init__(
        self,
        address: BrokerAddress,
        subscriptions: Sequence[Subscription],
        intake: Intake,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self.counts = ConsumerCounts()
        self._address = address
        self._subscriptions = tuple(subscriptions)
        self._intake = intake
        self._now = now
        self._waiting: queue.Queue[_Waiting] = queue.Queue(maxsize=MAX_WAITING)
        self._stopping = threading.Event()
        self._connection = 0
        self._client = self._make_client()

    def run(self) -> None:
        """Work until ``stop``, through broken connections and stores that do not answer.

        Raises
        ------
        OSError
            When the broker cannot be reached at all at the start, or a TLS file cannot be read.
        """
        self._client.connect(self._address.host, self._address.port, keepalive=self._address.keepalive_s)
        self._client.loop_start()
        try:
            while not self._stopping.is_set():
                self._take(self._next())
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def stop(self) -> None:
        """End ``run``; what is not acknowledged comes again at the next start."""
        self._stopping.set()

    def _make_client(self) -> Client:
        address = self._address
        client = Client(CallbackAPIVersion.VERSION2, client_id=address.client_id, clean_session=False, manual_ack=True)
        if address.username is not None:
            client.username_pw_set(address.username, address.password)
        if address.has_tls:
            context = ssl.create_default_context(cafile=address.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if address.certificate_file is not None:
                context.load_cert_chain(address.certificate_file, address.key_file)
            client.tls_set_context(context)
        client.reconnect_delay_set(min_delay=1, max_delay=LONGEST_PAUSE_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        for subscription in self._subscriptions:
            client.message_callback_add(subscription.topic, self._callback(subscription))
        return client

    def _on_connect(self, client: Client, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _LOGGER.error("The broker refuses the connection: %s. Check user, password and client id.", reason)
            return
        self._connection += 1
        self.counts.connects += 1
        if self.counts.connects > 1 and not flags.session_present:
            _LOGGER.warning(
                "The broker forgot the session: messages sent meanwhile are lost. Raise its queue and session limits."
            )
        client.subscribe([(one.topic, 1) for one in self._subscriptions])

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not self._stopping.is_set():
            _LOGGER.warning("The connection to the broker ended: %s. Trying again.", reason)

    def _callback(self, subscription: Subscription) -> Callable[[Client, Any, MQTTMessage], None]:
        def keep(_client: Client, _data: Any, message: MQTTMessage) -> None:
            self.counts.received += 1
            # ChirpStack's topics end in the kind of event; the other networks have one for each topic filter.
            event = message.topic.rpartition("/")[2] if subscription.format_name == "chirpstack" else ""
            delivery = Delivery(
                format_name=subscription.format_name,
                body=bytes(message.payload[:MAX_BODY_BYTES]),
                arrival=Arrival(received_at=self._now(), event=event),
                content_type="application/json",
            )
            waiting = _Waiting(delivery, message.mid, message.qos, self._connection)
            while not self._stopping.is_set():
                try:
                    # A full queue holds up the reading of the socket, and so the broker.
                    self._waiting.put(waiting, timeout=0.5)
                except queue.Full:
                    continue
                return

        return keep

    def _next(self) -> list[_Waiting]:
        try:
            found = [self._waiting.get(timeout=0.2)]
        except queue.Empty:
            return []
        while len(found) < MAX_TOGETHER:
            try:
                found.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return found

    def _take(self, waiting: Sequence[_Waiting]) -> None:
        pause_s = 0.5
        while waiting and not self._stopping.is_set():
            try:
                reports = self._intake.take_in_all([one.delivery for one in waiting])
            except StoreError as error:
                self.counts.failed_commits += 1
                _LOGGER.warning("Messages wait for the database: %s", error)
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            for report in reports:
                self.counts.accepted += report.count(Outcome.ACCEPTED)
                self.counts.duplicate += report.count(Outcome.DUPLICATE)
                self.counts.ignored += report.count(Outcome.IGNORED)
                self.counts.quarantined += report.count(Outcome.QUARANTINED)
            for one in waiting:
                self._acknowledge(one)
            return

    def _acknowledge(self, one: _Waiting) -> None:
        if one.qos == 0 or one.connection != self._connection:
            return  # of a connection that is gone: the broker sends it again, under an id that it may have used since
        if self._client.ack(one.packet_id, one.qos) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            _LOGGER.info("A message could not be acknowledged; it will come again.")
