#include "served_lane.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/stack_probe.hpp"
#include "plugin/wall.hpp"

namespace noa::runner {

using link::Kind;
using link::view;

namespace {

thread_local bool is_lane = false;

} // namespace

ServedLane::ServedLane(UniqueFd socket, UniqueFd bell, std::string agent)
    : link_(std::move(socket), std::move(bell)), agent_(std::move(agent)),
      context_(random_u64() | 1U) {
    is_lane = true;
    view_.struct_size = sizeof view_;
}

ServedLane::~ServedLane() {
    readiness_.drop_all(*this);
    readiness_.stop();
}

bool ServedLane::on_lane() const noexcept {
    return is_lane;
}

void ServedLane::has_ready() noexcept {
    link_.ring();
}

int ServedLane::run() {
    while (!ended_ && !link_.is_broken()) {
        if (auto control = link_.next_control()) {
            do_control(*control);
            continue;
        }
        if (phase_ == Phase::running) {
            run_wakes();
            run_ready();
            run_due();
            if (auto message = link_.next_message()) {
                dispatch(*message);
                if (link_.waiting() >= link::Channel::put_before_send) {
                    link_.flush();
                }
                continue;
            }
        }
        link_.flush();
        const bool runs = phase_ == Phase::running;
        link_.wait(runs ? timers_.earliest() : LinkEnd::never, !runs);
    }
    return ended_ ? 0 : 1;
}

void ServedLane::run_wakes() {
    std::vector<std::uint64_t> wakes;
    {
        const std::lock_guard lock(mutex_);
        wakes.swap(wakes_);
    }
    for (const auto tag : wakes) {
        const link::LanePage::Call busy(page_, "on_wake");
        instance_->on_wake(tag);
        tell_escaped("on_wake");
    }
}

void ServedLane::run_ready() {
    while (const auto ready = readiness_.next(*this)) {
        const link::LanePage::Call busy(page_, "on_ready");
        cause_ = {};
        instance_->on_ready(ready->tag, ready->events);
        tell_escaped("on_ready");
    }
}

void ServedLane::run_due() {
    if (timers_.earliest() == LinkEnd::never) {
        return;
    }
    const auto now = monotonic_ns();
    // Each once at most: one that is armed anew for the past must not keep the lane.
    for (auto left = timers_.count(); left > 0 && timers_.earliest() <= now; --left) {
        const auto tag = timers_.take_due(now);
        if (!tag) {
            return;
        }
        const link::LanePage::Call busy(page_, "on_timer");
        cause_ = {};
        instance_->on_timer(*tag);
        tell_escaped("on_timer");
    }
}

// Makes the message that `in` begins with the one in hand.
bool ServedLane::hold(link::Reader& in, LinkEnd::Arrived& arrived) {
    auto held = std::make_shared<Held>();
    const auto offset = arrived.payload.size() - in.rest().size();
    held->payload = std::move(arrived.payload);
    link::Reader again(std::string_view(held->payload).substr(offset));
    auto incoming = link::read_message(again);
    if (!again.complete()) {
        return false;
    }
    if (incoming.body.sealed) {
        held->memory = std::move(arrived.memory);
        if (held->memory.bytes().size() != incoming.body.size) {
            return false;
        }
        incoming.message.body = {held->memory.bytes().data(), held->memory.bytes().size()};
    }
    held->message = incoming.message;
    view_ = held->message;
    in_hand_ = std::move(held);
    return true;
}

void ServedLane::dispatch(LinkEnd::Arrived& arrived) {
    link::Reader in(arrived.payload);
    if (arrived.kind == Kind::deliver) {
        const auto delivery = in.number<std::uint64_t>();
        if (hold(in, arrived)) {
            handle(delivery);
        } else {
            put_settle(delivery, NOA_E_RETRY, {}, 0, false);
        }
    } else {
        const auto serial = in.number<std::uint64_t>();
        const auto status = in.number<noa_status>();
        const bool with_message = in.number<std::uint8_t>() != 0;
        on_reply(serial, status, with_message && hold(in, arrived));
    }
    in_hand_.reset();
}

void ServedLane::handle(std::uint64_t delivery) {
    const bool wants_answer =
        view_.kind == NOA_MESSAGE_REQUEST && (view_.flags & NOA_MESSAGE_NO_REPLY) == 0;
    if (view_.deadline_ns != 0 && monotonic_ns() > view_.deadline_ns) {
        put_settle(delivery, NOA_E_EXPIRED, {}, 0, false);
        return;
    }
    cause_.hops = static_cast<std::uint16_t>(view_.hops);
    cause_.deadline_ns = wants_answer ? view_.deadline_ns : 0;
    cause_.traceparent = view(view_.traceparent);
    {
        const std::lock_guard lock(mutex_);
        open_.insert(delivery);
    }
    noa_error error = plugin::empty_error();
    in_call_ = true;
    noa_status status = NOA_OK;
    {
        const link::LanePage::Call busy(page_, view(view_.subject), delivery);
        const StackProbe::Doing doing(view(view_.subject));
        status = instance_->handle(view_, delivery, error);
    }
    in_call_ = false;
    if (status == NOA_DEFERRED) {
        link_.put(Kind::deferred, [&](link::Writer& out) { out.number(delivery); });
        return;
    }
    if (!close_delivery(delivery)) {
        return;
    }
    put_settle(delivery, status, status == NOA_OK ? "" : error.text, 0, status == NOA_E_INTERNAL);
}

void ServedLane::on_reply(std::uint64_t serial, noa_status status, bool with_message) {
    Waiting waiting;
    {
        const std::lock_guard lock(mutex_);
        const auto found = requests_.find(serial);
        if (found == requests_.end()) {
            return; // of a life before
        }
        waiting = std::move(found->second);
        requests_.erase(found);
    }
    cause_ = std::move(waiting.cause);
    in_call_ = true;
    {
        const link::LanePage::Call busy(page_, "on_reply");
        instance_->on_reply(waiting.tag, status, with_message ? &view_ : nullptr);
    }
    in_call_ = false;
    tell_escaped("on_reply");
}

void ServedLane::tell_escaped(std::string_view function) {
    const auto escaped = instance_->escaped();
    if (escaped == escaped_seen_) {
        return;
    }
    escaped_seen_ = escaped;
    link_.put(Kind::escaped, [&](link::Writer& out) {
        out.number(escaped);
        out.text(function);
        out.text(instance_->escaped_text());
    });
}

void ServedLane::put_settle(std::uint64_t delivery, noa_status status, std::string_view text,
                            std::uint32_t retry_after_ms, bool defect) {
    link_.put(Kind::settle, [&](link::Writer& out) {
        out.number(delivery);
        out.number(status);
        out.number(retry_after_ms);
        out.number(std::uint8_t{defect});
        out.text(text.substr(0, NOA_ERROR_TEXT_BYTES));
    });
}

} // namespace noa::runner
