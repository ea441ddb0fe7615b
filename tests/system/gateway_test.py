#!/usr/bin/python3
"""Programs outside, some of them dead or dishonest: others are served all the same."""
import threading
import unittest

import zmq

from noa_host import FIXTURES, Host, noa_client as noa

PLACES = 4096  # peers that the gateway remembers; also the names in the life of a host
A_DAY_MS = 86_400_000


def ask(socket, *, agent, operation, **fields):
    """A request and a ping behind it: the kinds that came up to the pong."""
    socket.send_multipart(noa.encode(noa.REQUEST, to=agent, subject=operation, **fields))
    ping = noa.new_id()
    socket.send_multipart(noa.encode(noa.PING, message_id=ping))
    kinds = []
    while True:
        message = noa.Message(socket.recv_multipart())
        if message.correlation == ping:
            return kinds
        kinds.append(message.kind)


class Gateway(unittest.TestCase):
    def dealer(self, host):
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 60_000)
        socket.connect(f"ipc://{host.runtime_dir}/bus.sock")
        return socket

    def test_more_dead_programs_than_places_keep_nobody_out(self):
        with Host([FIXTURES / "slow.so"]) as host:
            for _ in range(PLACES + 100):
                socket = self.dealer(host)
                kinds = ask(socket, agent="slow", operation="block", timeout_ms=A_DAY_MS)
                self.assertEqual(kinds, [], "accepted, and nobody will read the answer")
                socket.close()
            with host.client() as client:
                report = client.call("slow", "report", {}).json()
                self.assertEqual(report["blocked"], PLACES + 100)
                self.assertLessEqual(client.call("outside", "metrics").json()["peers"], PLACES)

    def test_names_that_nobody_has_take_no_place(self):
        with Host([FIXTURES / "slow.so"]) as host:
            socket = self.dealer(host)
            for number in range(PLACES + 100):
                socket.send_multipart(noa.encode(noa.REQUEST, to=f"nobody-{number}", subject="x"))
                answer = noa.Message(socket.recv_multipart())
                self.assertEqual((answer.kind, answer.status), (noa.ERROR, -4))
            socket.close()
            self.assertNotEqual(host.noactl_run("call", "nobody", "x").returncode, 0)
            host.install(FIXTURES / "echo-c.so")
            host.noactl("reload")
            self.assertEqual(host.agent("echo-c")["state"], "running")

    def test_only_what_a_held_delivery_led_to_has_hops(self):
        with Host([FIXTURES / "slow.so"]) as host:
            ready = threading.Barrier(3)

            def serve(name, handler):
                subjects = []

                def handle(message):
                    subjects.append(message.subject)
                    return None if message.subject == "end" else handler(server, message)

                with host.client() as server:
                    server.begin_serving(name)
                    ready.wait(60)
                    server.serve(handle, until=lambda: subjects[-1:] == ["end"])

            def tell_hops(_, message):
                return {"hops": message.hops}

            def ask_far(server, message):
                return server.call("far", "hops", because=message).json()

            threads = [threading.Thread(target=serve, args=("far", tell_hops)),
                       threading.Thread(target=serve, args=("near", ask_far))]
            for thread in threads:
                thread.start()
            ready.wait(60)
            with host.client() as client:
                self.assertEqual(client.call("near", "hops").json(), {"hops": 1})
                socket = self.dealer(host)
                socket.send_multipart(noa.encode(noa.REQUEST, to="far", subject="x", hops=7))
                self.assertEqual(noa.Message(socket.recv_multipart()).json(), {"hops": 0})
                socket.close()
                client.send("near", "end")
                client.send("far", "end")
            for thread in threads:
                thread.join(60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
