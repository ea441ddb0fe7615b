// The functions of FakeHost's table; included by fake_host.hpp.
#pragma once

#include "noa/testing/fake_host.hpp"

namespace noa::testing::fake {

inline std::string text(noa_str view) {
    return view.size == 0 ? std::string() : std::string(view.data, view.size);
}

inline std::int64_t now_ns(noa_context context) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    return host.now_ns;
}

inline void log(noa_context context, std::uint32_t level, noa_str event, noa_str words) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.logs.push_back({level, text(event), text(words)});
}

inline std::uint32_t on_lane(noa_context context) {
    return FakeHost::of(context).on_lane() ? 1 : 0;
}

inline noa_status resolve(noa_context context, noa_str agent, noa_address* ret_address) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.addresses.push_back(text(agent));
    *ret_address = host.addresses.size();
    return NOA_OK;
}

inline noa_status msg_alloc(noa_context context, std::uint64_t size, noa_buffer* ret_buffer) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    if (size > NOA_BODY_MAX) {
        return NOA_E_TOO_LARGE;
    }
    if (ret_buffer->struct_size < sizeof(noa_buffer)) {
        host.violation("msg_alloc: struct_size does not say how much room there is");
        return NOA_E_INVALID;
    }
    auto memory = std::make_unique<char[]>(size);
    *ret_buffer = {sizeof(noa_buffer), 0, memory.get(), size, host.next_buffer};
    host.buffers.emplace(host.next_buffer++, std::move(memory));
    return NOA_OK;
}

inline noa_status msg_free(noa_context context, const noa_buffer* buffer) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    if (host.buffers.erase(buffer->handle) == 1) {
        return NOA_OK;
    }
    host.violation("a buffer was freed that was sent, freed or never allocated");
    return NOA_E_INVALID;
}

inline noa_status retain(noa_context context, const noa_message* message,
                         const noa_message** ret_kept) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("retain");
    if (message == nullptr || message != host.kept_from) {
        return NOA_E_STATE;
    }
    auto kept = std::make_unique<FakeHost::Kept>();
    kept->owned.from = text(message->from);
    kept->owned.to = text(message->to);
    kept->owned.subject = text(message->subject);
    kept->owned.content_type = text(message->content_type);
    kept->owned.body.assign(static_cast<const char*>(message->body.data), message->body.size);
    const noa_message views = kept->owned.raw();
    kept->raw = *message;
    kept->raw.from = views.from;
    kept->raw.to = views.to;
    kept->raw.subject = views.subject;
    kept->raw.content_type = views.content_type;
    kept->raw.body = views.body;
    kept->raw.traceparent = {};
    const noa_message* raw = &kept->raw;
    host.kept.emplace(raw, std::move(kept));
    *ret_kept = raw;
    return NOA_OK;
}

inline noa_status release(noa_context context, const noa_message* kept) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    return host.kept.erase(kept) == 1 ? NOA_OK : NOA_E_INVALID;
}

// What every send checks; REQUIRES: the mutex.
inline noa_status admit(FakeHost& host, const noa_outgoing& message, noa_receipt* receipt) {
    if (host.retired) {
        return NOA_E_RETIRED;
    }
    if (message.struct_size < sizeof message ||
        (receipt != nullptr && receipt->struct_size < sizeof *receipt)) {
        host.violation("a message or receipt without its struct_size");
        return NOA_E_INVALID;
    }
    if (message.buffer != nullptr && (!host.buffers.contains(message.buffer->handle) ||
                                      message.buffer_used > message.buffer->capacity)) {
        host.violation("a buffer was sent that is not the agent's, or more than it holds");
        return NOA_E_INVALID;
    }
    const std::uint64_t size = message.buffer != nullptr ? message.buffer_used : message.body.size;
    noa_status status = size > NOA_BODY_MAX ? NOA_E_TOO_LARGE : NOA_OK;
    if (host.refusal != NOA_OK && host.accept_before_refusal > 0) {
        --host.accept_before_refusal;
    } else if (status == NOA_OK) {
        status = std::exchange(host.refusal, NOA_OK);
    }
    if (receipt != nullptr) {
        receipt->accepted = status == NOA_OK ? 1 : 0;
        receipt->refused = status == NOA_OK ? 0 : 1;
        receipt->depth = status == NOA_E_BUSY ? 10'000 : 0;
        receipt->retry_after_ms = status == NOA_E_BUSY ? 10 : 0;
    }
    return status;
}

inline noa_status send(noa_context context, const noa_outgoing* message, noa_receipt* receipt) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    const noa_status status = admit(host, *message, receipt);
    if (status == NOA_OK) {
        host.sent.push_back(host.record(*message));
    }
    return status;
}

inline noa_status send_many(noa_context context, const noa_outgoing* messages, std::uint32_t stride,
                            std::uint32_t count, noa_receipt* receipt) {
    noa_status status = NOA_OK;
    std::uint32_t accepted = 0;
    for (; accepted < count && status == NOA_OK; ++accepted) {
        const auto* at = reinterpret_cast<const char*>(messages) + std::size_t{stride} * accepted;
        status = send(context, reinterpret_cast<const noa_outgoing*>(at), receipt);
    }
    if (receipt != nullptr) {
        receipt->accepted = status == NOA_OK ? accepted : accepted - 1;
    }
    return status;
}

inline noa_status request(noa_context context, const noa_outgoing* message, std::uint64_t tag,
                          noa_receipt* receipt) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    if (host.quiesced) {
        return NOA_E_STATE;
    }
    const noa_status status = admit(host, *message, receipt);
    if (status == NOA_OK) {
        Sent sent = host.record(*message);
        sent.tag = tag;
        sent.cause_deadline_ns = host.at_hand.deadline_ns;
        if (sent.deadline_ns == 0) {
            sent.deadline_ns = sent.cause_deadline_ns != 0
                                   ? sent.cause_deadline_ns
                                   : host.now_ns + host.facts.task_timeout_ns;
        }
        host.requests.push_back(std::move(sent));
    }
    return status;
}

inline noa_status publish(noa_context context, const noa_outgoing* message, noa_receipt* receipt) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    const noa_status status = admit(host, *message, receipt);
    if (status == NOA_OK) {
        host.published.push_back(host.record(*message));
        host.check_subject(host.published.back().subject, false);
        if (receipt != nullptr) {
            receipt->accepted = host.subscribers;
        }
    }
    return status;
}

inline noa_status reply(noa_context context, noa_delivery delivery, const noa_outgoing* message) {
    FakeHost& host = FakeHost::of(context);
    {
        const FakeHost::Lock lock(host.mutex);
        if (message->body.size > NOA_BODY_MAX) {
            return NOA_E_TOO_LARGE;
        }
    }
    return host.settle(delivery, [&] {
        Sent sent = host.record(*message); // a buffer that comes too late is still the agent's
        return Answer{true, NOA_OK, std::move(sent.body), std::move(sent.content_type), {}, 0};
    });
}

inline noa_status settle(noa_context context, noa_delivery delivery, noa_status status,
                         noa_str words, std::uint32_t retry_after_ms) {
    return FakeHost::of(context).settle(
        delivery, [&] { return Answer{true, status, {}, {}, text(words), retry_after_ms}; });
}

inline noa_status subscribe(noa_context context, noa_str pattern) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("subscribe");
    host.check_subject(text(pattern), true);
    host.subscriptions.insert(text(pattern));
    return NOA_OK;
}

inline noa_status unsubscribe(noa_context context, noa_str pattern) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("unsubscribe");
    return host.subscriptions.erase(text(pattern)) == 1 ? NOA_OK : NOA_E_NOT_FOUND;
}

inline noa_status wake(noa_context context, std::uint64_t tag) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    if (host.retired) {
        return NOA_E_RETIRED;
    }
    if (host.wakes.size() >= 65'536) {
        return NOA_E_BUSY;
    }
    host.wakes.push_back(tag);
    host.ring();
    return NOA_OK;
}

inline noa_status arm(noa_context context, std::uint64_t tag, std::int64_t delay_ns,
                      std::int64_t period_ns) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("timer.arm");
    if (host.timers.size() >= 4'096 && !host.timers.contains(tag)) {
        return NOA_E_TOO_LARGE;
    }
    host.timers[tag] = {host.now_ns + delay_ns, period_ns};
    return NOA_OK;
}

inline noa_status cancel(noa_context context, std::uint64_t tag) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("timer.cancel");
    return host.timers.erase(tag) == 1 ? NOA_OK : NOA_E_NOT_FOUND;
}

inline noa_status state_dir(noa_context context, noa_str* ret_path) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane("storage.state_dir");
    if (!host.leased) {
        return NOA_E_STATE;
    }
    const std::string& path = host.state_dir();
    *ret_path = {path.data(), path.size()};
    return path.empty() ? NOA_E_FAILED : NOA_OK;
}

inline noa_status facts(noa_context context, noa_agent_facts* ret_facts) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    if (ret_facts->struct_size < sizeof *ret_facts) {
        host.violation("facts: struct_size does not say how much room there is");
        return NOA_E_INVALID;
    }
    *ret_facts = host.facts;
    ret_facts->name = {host.name.data(), host.name.size()};
    return NOA_OK;
}

inline constexpr noa_agent_host agent_contract{sizeof(noa_agent_host), 0, facts};
inline constexpr noa_timer_host timer_contract{sizeof(noa_timer_host), 0, arm, cancel};
inline constexpr noa_storage_host storage_contract{sizeof(noa_storage_host), 0, state_dir};

inline const void* extension(noa_context context, const char* id) {
    const auto is = [id](const char* other) { return std::strcmp(id, other) == 0; };
    return is(NOA_TIMER_ID)      ? static_cast<const void*>(&timer_contract)
           : is(NOA_STORAGE_ID)  ? static_cast<const void*>(&storage_contract)
           : is(NOA_AGENT_ID)    ? static_cast<const void*>(&agent_contract)
           : is(NOA_LISTENER_ID) ? static_cast<const void*>(&FakeHost::listener_table())
           : is(NOA_ARENA_ID) && FakeHost::of(context).has_arena
               ? static_cast<const void*>(&FakeHost::arena_table())
               : nullptr;
}

inline constexpr noa_host table{
    sizeof(noa_host), NOA_ABI_MINOR, "0.0.0-harness", extension, now_ns,    log,         on_lane,
    resolve,          msg_alloc,     msg_free,        retain,    release,   send,        send_many,
    request,          publish,       reply,           settle,    subscribe, unsubscribe, wake,
};

} // namespace noa::testing::fake

namespace noa::testing {

inline const noa_host& FakeHost::table() const noexcept {
    return fake::table;
}

} // namespace noa::testing
