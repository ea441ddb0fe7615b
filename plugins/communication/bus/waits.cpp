// Who waits for what becomes of a message.
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t most_waiters = 4096;
constexpr double longest_wait_s = 600;

noa::OwnedBody told(const std::string& id, State state, std::uint32_t attempts,
                    const std::string& error) {
    noa::Json out{{"id", id},
                  {"state", name_of(state)},
                  {"attempts", attempts},
                  {"settled", !is_open(state)}};
    if (!error.empty()) {
        out["error"] = error;
    }
    return noa::json_body(out);
}

} // namespace

void Communication::wait(const WaitRequest& request, noa::Responder responder) {
    if (request.wait_s < 0 || request.wait_s > longest_wait_s) {
        responder.fail(noa::invalid("/wait_s: expected 0 to 600"));
        return;
    }
    look<std::optional<Life>>(
        *reader_, [id = stored_id(request.id)](Reader& reader) { return reader.show(id); },
        std::move(responder),
        [this, request](const std::optional<Life>& life, noa::Responder back) {
            if (host().stopping()) {
                return; // left to the next generation
            }
            if (!life) {
                back.fail(noa::not_found("there is no message " + request.id));
                return;
            }
            const Record& record = life->record;
            const Message& message = *record.message;
            const bool more = request.attempts && message.made > *request.attempts;
            if (!is_open(message.state) || more || request.wait_s == 0 ||
                waiters_.size() >= most_waiters) {
                back.reply(told(request.id, message.state, message.made, record.error));
                return;
            }
            if (deliveries_->find(message.seq) == nullptr) { // settled since it was read
                wait(request, std::move(back));
                return;
            }
            wait_for(message.seq, request, std::move(back));
        });
}

void Communication::wait_for(Seq seq, const WaitRequest& request, noa::Responder responder) {
    const auto place = waiters_.emplace(
        seq, Waiter{std::move(responder), request.id, request.attempts.value_or(UINT32_MAX), 0});
    const auto patience =
        std::chrono::duration_cast<noa::Duration>(std::chrono::duration<double>(request.wait_s));
    const auto timer = after(patience, [this, place] {
        const Message* live = deliveries_->find(place->first);
        place->second.responder.reply(told(place->second.id,
                                           live != nullptr ? live->state : State::queued,
                                           live != nullptr ? live->made : 0, {}));
        waiters_.erase(place);
    });
    if (timer) {
        place->second.timer = *timer;
    } else {
        place->second.responder.fail(timer.error());
        waiters_.erase(place);
    }
}

void Communication::wake_waiters(const Settlement& settlement) {
    const auto [first, last] = waiters_.equal_range(settlement.seq);
    for (auto at = first; at != last;) {
        const auto here = at++;
        Waiter& waiter = here->second;
        if (is_open(settlement.state) && settlement.made <= waiter.attempts) {
            continue;
        }
        cancel(waiter.timer);
        waiter.responder.reply(
            told(waiter.id, settlement.state, settlement.made, settlement.error));
        waiters_.erase(here);
    }
}

} // namespace communication
