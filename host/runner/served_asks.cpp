// What the plugin asks of the host: messages.
#include <algorithm>
#include <cstring>

#include "base/clock.hpp"
#include "bus/hand_out.hpp"
#include "bus/outbox.hpp"
#include "served_lane.hpp"

namespace noa::runner {

using link::Ask;
using link::Kind;
using link::view;

const ServedLane::Cause* ServedLane::cause() const noexcept {
    return on_lane() && in_call_ ? &cause_ : nullptr;
}

// The lane sends when it has nothing else to do; nobody does it for other threads.
void ServedLane::flush_unless_busy() {
    if (!on_lane()) {
        link_.flush();
    }
}

void ServedLane::log(std::uint32_t level, std::string_view event, std::string_view text) {
    link_.put(Kind::log, [&](link::Writer& out) {
        out.number(level);
        out.text(event.substr(0, NOA_SUBJECT_MAX));
        out.text(text.substr(0, link::log_text_max));
    });
    link_.flush(); // the next instruction may be the last
}

noa_status ServedLane::resolve(std::string_view agent, noa_address& ret_address) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto known = addresses_.find(agent); known != addresses_.end()) {
            ret_address = known->second;
            return NOA_OK;
        }
    }
    LinkEnd::Arrived answer;
    const auto status =
        link_.ask(Ask::resolve, answer, [&](link::Writer& out) { out.text(agent); });
    if (status != NOA_OK) {
        return status;
    }
    ret_address = link::Reader(answer.payload).number<std::uint64_t>();
    const std::lock_guard lock(mutex_);
    addresses_.emplace(agent, ret_address);
    return NOA_OK;
}

noa_status ServedLane::msg_alloc(std::uint64_t size, noa_buffer& ret_buffer) {
    return size > max_message_ ? NOA_E_TOO_LARGE : buffers_.alloc(size, ret_buffer);
}

noa_status ServedLane::msg_free(const noa_buffer& buffer) {
    return buffers_.free(buffer.handle);
}

noa_status ServedLane::retain(const noa_message& message, const noa_message** ret_kept) {
    if (!on_lane() || !in_call_ || !in_hand_ || &message != &view_) {
        return NOA_E_STATE;
    }
    auto kept = std::make_unique<Kept>();
    kept->held = in_hand_;
    kept->view = view_;
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= max_kept) {
        return NOA_E_BUSY;
    }
    *ret_kept = &kept->view;
    kept_.emplace(&kept->view, std::move(kept));
    return NOA_OK;
}

noa_status ServedLane::release(const noa_message& kept) {
    const std::lock_guard lock(mutex_);
    return kept_.erase(&kept) != 0 ? NOA_OK : NOA_E_NOT_FOUND;
}

noa_status ServedLane::take_body(const noa_outgoing& message, std::string_view& body,
                                 bus::Buffers::Loan& loan) {
    if (message.buffer == nullptr) {
        if (message.body.size > max_message_) {
            return NOA_E_TOO_LARGE;
        }
        if (message.body.data != nullptr) {
            body = {static_cast<const char*>(message.body.data),
                    static_cast<std::size_t>(message.body.size)};
        }
        return NOA_OK;
    }
    loan = buffers_.lend(message.buffer->handle);
    if (loan.block() == nullptr || message.buffer_used > loan.capacity()) {
        return NOA_E_INVALID;
    }
    if (message.buffer_used > max_message_) {
        return NOA_E_TOO_LARGE;
    }
    body = {reinterpret_cast<const char*>(loan.block()->first()->body()),
            static_cast<std::size_t>(message.buffer_used)};
    return NOA_OK;
}

namespace {

void give(const noa_receipt& made, noa_receipt* receipt) {
    if (receipt != nullptr) {
        bus::hand_out(made, *receipt);
    }
}

// Longer than any text that the host's functions take.
constexpr std::size_t text_max = 1024;

// As much of it as the plugin knows.
noa_outgoing copy_of(const noa_outgoing& message) {
    noa_outgoing copy{};
    std::memcpy(&copy, &message, std::min<std::size_t>(message.struct_size, sizeof copy));
    return copy;
}

bool is_sane(const noa_outgoing& message) {
    for (const auto* text :
         {&message.to_name, &message.subject, &message.content_type, &message.traceparent}) {
        if (view(*text).size() > text_max) {
            return false;
        }
    }
    return true;
}

} // namespace

noa_status ServedLane::send(Ask how, const noa_outgoing& message, std::uint64_t tag,
                            noa_receipt* receipt) {
    if (!bus::has_room(receipt) || !NOA_HAS(&message, deadline_ns)) {
        return NOA_E_INVALID;
    }
    std::string_view body;
    bus::Buffers::Loan loan;
    noa_receipt made{};
    made.refused = how == Ask::publish ? 0 : 1;
    const auto taken = is_sane(message) ? take_body(message, body, loan) : NOA_E_TOO_LARGE;
    if (taken != NOA_OK) {
        give(made, receipt);
        return taken;
    }
    auto outgoing = copy_of(message);
    const auto* because = cause();
    if (because != nullptr) {
        if (view(outgoing.traceparent).empty()) {
            outgoing.traceparent = link::to_str(because->traceparent);
        }
        if (how == Ask::request && outgoing.deadline_ns == 0) {
            outgoing.deadline_ns = because->deadline_ns;
        }
    }
    std::uint64_t serial = 0;
    if (how == Ask::request) {
        const std::lock_guard lock(mutex_);
        serial = ++last_request_;
        requests_[serial] = {tag, because != nullptr ? *because : Cause{}};
    }
    LinkEnd::Arrived answer;
    const auto status = link_.ask(how, answer, [&](link::Writer& out) {
        if (how == Ask::request) {
            out.number(serial);
        }
        write(out, outgoing, body, because != nullptr,
              because != nullptr ? because->hops : std::uint16_t{0});
    });
    link::Reader in(answer.payload);
    const auto told = link::read_receipt(in);
    give(in.whole() ? told : made, receipt);
    if (status == NOA_OK) {
        loan.consume();
    } else if (how == Ask::request) {
        const std::lock_guard lock(mutex_);
        requests_.erase(serial);
    }
    return status;
}

// As many in one frame as there is room for; what is large goes alone.
noa_status ServedLane::send_many(const noa_outgoing* messages, std::uint32_t stride,
                                 std::uint32_t count, noa_receipt* receipt) {
    constexpr std::size_t shortest =
        offsetof(noa_outgoing, deadline_ns) + sizeof(noa_outgoing::deadline_ns);
    if (stride < shortest || !bus::has_room(receipt)) {
        return NOA_E_INVALID;
    }
    const auto at = [&](std::uint32_t index) -> const noa_outgoing& {
        return *reinterpret_cast<const noa_outgoing*>(reinterpret_cast<const std::byte*>(messages) +
                                                      std::size_t{index} * stride);
    };
    noa_receipt all{};
    all.struct_size = sizeof all;
    noa_status status = NOA_OK;
    while (all.accepted < count && status == NOA_OK) {
        noa_receipt part{};
        part.struct_size = sizeof part;
        status = send_some(at, all.accepted, count, part);
        all.accepted += part.accepted;
        all.refused = status == NOA_OK ? 0 : 1;
        all.retry_after_ms = part.retry_after_ms;
        all.depth = part.depth;
    }
    give(all, receipt);
    return status;
}

noa_status ServedLane::send_some(const std::function<const noa_outgoing&(std::uint32_t)>& at,
                                 std::uint32_t first, std::uint32_t count, noa_receipt& ret_part) {
    std::uint32_t together = 0;
    std::size_t bytes = 0;
    while (first + together < count && together < link::send_many_max) {
        const auto& message = at(first + together);
        const auto size = message.body.size + 4 * text_max;
        if (!NOA_HAS(&message, deadline_ns) || message.buffer != nullptr || !is_sane(message) ||
            bytes + size > link::inline_max) {
            break;
        }
        bytes += static_cast<std::size_t>(size);
        ++together;
    }
    if (together < 2) {
        return send(Ask::send, at(first), 0, &ret_part);
    }
    const auto* because = cause();
    LinkEnd::Arrived answer;
    const auto status = link_.ask(Ask::send_many, answer, [&](link::Writer& out) {
        out.number(together);
        for (std::uint32_t i = 0; i < together; ++i) {
            auto message = copy_of(at(first + i));
            if (because != nullptr && view(message.traceparent).empty()) {
                message.traceparent = link::to_str(because->traceparent);
            }
            const auto* data = static_cast<const char*>(message.body.data);
            const auto size = data == nullptr ? 0 : static_cast<std::size_t>(message.body.size);
            write(out, message, {data, size}, because != nullptr,
                  because != nullptr ? because->hops : std::uint16_t{0});
        }
    });
    link::Reader in(answer.payload);
    ret_part = link::read_receipt(in);
    return status;
}

// Whether it was open, and this settlement is the first.
bool ServedLane::close_delivery(std::uint64_t delivery) {
    const std::lock_guard lock(mutex_);
    return open_.erase(delivery) != 0;
}

noa_status ServedLane::reply(noa_delivery delivery, const noa_outgoing& message) {
    if (!NOA_HAS(&message, deadline_ns)) {
        return NOA_E_INVALID;
    }
    std::string_view body;
    bus::Buffers::Loan loan;
    if (const auto status = take_body(message, body, loan); status != NOA_OK) {
        return status;
    }
    const auto content_type = view(message.content_type);
    if (content_type.size() > NOA_CONTENT_TYPE_MAX) {
        return NOA_E_TOO_LARGE;
    }
    if (!close_delivery(delivery)) {
        put_settle(delivery, NOA_OK, {}, 0, false); // the host counts those that come too late
        return NOA_E_RETIRED;
    }
    const bool put = link_.put(Kind::reply, [&](link::Writer& out) {
        out.number(delivery);
        out.text(content_type);
        out.body(body.data(), body.size());
    });
    if (!put) { // no memory for a large body
        const std::lock_guard lock(mutex_);
        open_.insert(delivery);
        return NOA_E_FAILED;
    }
    loan.consume();
    flush_unless_busy();
    return NOA_OK;
}

noa_status ServedLane::settle(noa_delivery delivery, noa_status status, std::string_view text,
                              std::uint32_t retry_after_ms) {
    if (status == NOA_DEFERRED || status > 0) {
        return NOA_E_INVALID;
    }
    if (!close_delivery(delivery)) {
        put_settle(delivery, NOA_OK, {}, 0, false);
        return NOA_E_RETIRED;
    }
    put_settle(delivery, status, text, retry_after_ms, false);
    flush_unless_busy();
    return NOA_OK;
}

noa_status ServedLane::ask_text(Ask how, std::string_view text) {
    LinkEnd::Arrived answer;
    return text.size() > text_max
               ? NOA_E_INVALID
               : link_.ask(how, answer, [&](link::Writer& out) { out.text(text); });
}

noa_status ServedLane::subscribe(Ask how, std::string_view pattern) {
    return on_lane() ? ask_text(how, pattern) : NOA_E_STATE;
}

noa_status ServedLane::wake(std::uint64_t tag) {
    {
        const std::lock_guard lock(mutex_);
        if (wakes_.size() >= max_wakes) {
            return NOA_E_BUSY;
        }
        wakes_.push_back(tag);
    }
    link_.ring();
    return NOA_OK;
}

} // namespace noa::runner
