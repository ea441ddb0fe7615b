#include "bus/bus.hpp"

#include <zmq.h>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace noa::bus {

Result<std::unique_ptr<Bus>> Bus::open(const BusOptions& options) {
    std::unique_ptr<Bus> bus(new Bus(options));
    bus->context_ = zmq_ctx_new();
    if (bus->context_ == nullptr) {
        return fail(Errc::system, "open bus", "ZeroMQ context", zmq_strerror(zmq_errno()));
    }
    constexpr int sockets_per_agent = 2;
    constexpr int others = 64;
    zmq_ctx_set(bus->context_, ZMQ_MAX_SOCKETS,
                static_cast<int>(RouteTable::max_names) * sockets_per_agent + others);
    bus->host_ = bus->routes_.resolve("host");
    bus->outside_ = bus->routes_.resolve("outside");
    if (auto started = bus->alarm_.start(); !started) {
        return Failure(started.error());
    }
    return bus;
}

Bus::~Bus() {
    if (context_ == nullptr) {
        return;
    }
    readiness_.stop();
    alarm_.stop();
    // Inboxes hold sockets; the context ends only when they are closed.
    for (noa_address address = 1; Endpoint* endpoint = routes_.at(address); ++address) {
        endpoint->inbox().close();
    }
    zmq_ctx_term(context_);
}

Result<void> Bus::open_inbox(Endpoint& endpoint) {
    return endpoint.inbox().open_pipe(context_,
                                      "inproc://noa/inbox/" + std::to_string(endpoint.index()));
}

namespace {

// A large body gets a block of its own before any mutex is taken.
BlockRef move_to_block(Draft& draft) {
    BlockRef block(Block::make_single(draft.body.size()));
    draft.body_bytes = draft.body.size();
    std::memcpy(block->first()->body(), draft.body.data(), draft.body.size());
    draft.block = block.get();
    return block;
}

} // namespace

Admission Bus::deliver(Endpoint& to, Draft& draft) noexcept {
    BlockRef own;
    if (draft.block == nullptr && draft.body.size() > inline_body_limit) {
        own = move_to_block(draft);
    }
    if (draft.block != nullptr) {
        draft.seal();
    }
    if (draft.head.kind == NOA_MESSAGE_REQUEST && is_control(draft.subject)) {
        return to.inbox().accept_control(draft);
    }
    return to.inbox().accept(draft);
}

void Bus::publish(Draft& draft, std::uint32_t& accepted, std::uint32_t& refused) noexcept {
    thread_local std::vector<Endpoint*> matched;
    matched.clear();
    subscriptions_.current().match(draft.subject, matched);
    if (matched.empty()) {
        return;
    }
    BlockRef own;
    if (draft.block == nullptr && draft.body.size() > inline_body_limit) {
        own = move_to_block(draft);
    }
    if (draft.block != nullptr) {
        draft.seal();
    }
    for (Endpoint* endpoint : matched) {
        if (endpoint->inbox().accept(draft).status == NOA_OK) {
            ++accepted;
        } else {
            ++refused;
        }
    }
}

void Bus::answer(Endpoint& from, const Record& request, noa_status status, std::string_view body,
                 std::string_view content_type, const Span* span, Block* block,
                 std::size_t block_bytes) noexcept {
    if (!request.wants_answer() || request.from == nullptr) {
        return;
    }
    Draft draft;
    draft.head.sent_unix_ns = coarse_unix_ns();
    draft.head.id = make_id(draft.head.sent_unix_ns);
    draft.head.correlation = request.id;
    draft.head.token = request.token;
    draft.head.from = &from;
    draft.head.status = status;
    draft.head.hops = request.hops;
    draft.head.kind = status == NOA_OK ? NOA_MESSAGE_REPLY : NOA_MESSAGE_ERROR;
    draft.head.priority = request.priority;
    draft.subject = request.subject();
    draft.content_type = content_type;
    draft.traceparent = span != nullptr ? span->traceparent : request.traceparent();
    draft.body = body;
    draft.block = block;
    draft.body_bytes = block_bytes;
    BlockRef own;
    if (block == nullptr && body.size() > inline_body_limit) {
        own = move_to_block(draft);
    }
    if (draft.block != nullptr) {
        draft.seal();
    }
    Endpoint* asker = (request.flags & Record::answer_outside) != 0 ? outside_ : request.from;
    static_cast<void>(asker->inbox().accept_answer(draft));
}

void Bus::announce(std::string_view subject, std::string_view json, std::uint16_t hops) noexcept {
    Draft draft;
    draft.head.id = make_id();
    draft.head.from = host_;
    draft.head.sent_unix_ns = coarse_unix_ns();
    draft.head.kind = NOA_MESSAGE_EVENT;
    draft.head.hops = hops;
    draft.subject = subject;
    draft.content_type = "application/json";
    draft.body = json;
    std::uint32_t accepted = 0;
    std::uint32_t refused = 0;
    publish(draft, accepted, refused);
}

} // namespace noa::bus
