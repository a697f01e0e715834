"""The network's side of the MQTT figure, as processes of their own that import little: the broker, and who publishes.

python tests/load/mqtt_network.py                        # a broker; says its port, ends with its standard input
python tests/load/mqtt_network.py PORT MESSAGES DEVICES  # publishes so many messages at quality 1
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.flow.mqtt_broker import running_broker


def serve() -> None:
    """Run a broker until standard input ends."""
    with running_broker() as (port, _):
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        sys.stdin.read()


def publish(port: int, messages: int, devices: int) -> None:
    """Publish messages of devices in turn; each is with the broker at the end."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="network")
    client.username_pw_set("network", "secret")
    client.max_inflight_messages_set(200)
    client.connect("127.0.0.1", port)
    client.loop_start()
    begun_at = datetime.now(UTC) - timedelta(hours=2)
    told = []
    for number in range(messages):
        device = f"A{number % devices:015X}"
        received_at = (begun_at + timedelta(seconds=number // devices)).isoformat()
        document = {
            "end_device_ids": {"device_id": device, "dev_eui": device},
            "received_at": received_at,
            "uplink_message": {
                "session_key_id": "figures",
                "f_port": 2,
                "f_cnt": number,
                "decoded_payload": {"fill_level": 50},
                "received_at": received_at,
                "rx_metadata": [{"gateway_ids": {"gateway_id": "g"}, "rssi": -80, "snr": 7}],
            },
        }
        told.append(client.publish(f"v3/waste@ttn/devices/{device}/up", json.dumps(document).encode(), qos=1))
    for one in told:
        one.wait_for_publish(120)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        serve()
    else:
        publish(*(int(one) for one in sys.argv[1:]))
