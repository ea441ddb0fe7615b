// What all connections of a server stand on.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "noa/sdk/fd.hpp"
#include "noa/sdk/metrics.hpp"
#include "site.hpp"

namespace console::http {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
using Socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

struct Limits {
    std::size_t head_bytes = 16U << 10U;
    std::uint64_t body_bytes = 16U << 20U;
    std::uint32_t connections = 4096;
    std::chrono::milliseconds head_time{10'000}; // from its first byte to its last
    std::chrono::milliseconds body_time{60'000};
    std::chrono::milliseconds idle_time{75'000};   // between two requests
    std::chrono::milliseconds answer_time{70'000}; // until whoever knows has answered
    std::chrono::milliseconds write_time{10'000};  // and a second for each
    std::size_t write_rate = 64U << 10U;           // of these bytes
    std::size_t stream_queue = 256;                // events that wait for one client, of
    std::size_t stream_bytes = 1U << 20U;          // bytes at most
    std::chrono::milliseconds heartbeat{15'000};
};

struct Tally {
    noa::sdk::Gauge connected;
    noa::sdk::Gauge streams;
    noa::sdk::Counter accepted;
    noa::sdk::Counter requests;
    noa::sdk::Counter refused;   // not well formed, or not wanted: 4xx
    noa::sdk::Counter timed_out; // that were closed because they took too long
    noa::sdk::Counter shed;      // closed or not taken for want of room
    noa::sdk::Counter cut_off;   // streams of clients that did not read
};

// A connection that outlives this generation.
struct Kept {
    noa::sdk::Fd fd;
    std::string state;
};

class Hub;

// The server's thread's alone.
struct Ground {
    Ground(asio::io_context& context, Site& served, Limits bounds, Tally& figures)
        : io(context), site(served), limits(bounds), tally(figures) {}

    asio::io_context& io;
    Site& site;
    const Limits limits;
    Tally& tally;
    Hub* hub = nullptr;
    Clock::time_point now = Clock::now(); // at the last turn: a quarter of a second old at most
    std::string date;
    bool leaving = false;
    std::vector<Kept> kept;
    // Owners of connections, besides what is under way on them.
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
};

} // namespace console::http
