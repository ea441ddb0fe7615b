// Group commit: what comes while the disk is at work is the next group.
#include <iterator>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr noa::Duration pause_after_fault = std::chrono::seconds(1);
constexpr std::int64_t forgotten_at_once = 2000;

} // namespace

void Communication::flush() {
    if (!in_flight_ && !gathering_->empty() && writer_ != nullptr && store_fault_.empty() &&
        !host().stopping()) {
        submit(std::exchange(gathering_, std::make_unique<Group>()));
    }
}

void Communication::submit(std::unique_ptr<Group> group) {
    in_flight_ = true;
    Group* place = group.get();
    writer_->commit(
        [place](Store& store) {
            place->outcome = place->batch.empty() ? Stored<>() : store.commit(place->batch);
        },
        [this, group = std::move(group)] { finish(*group); });
}

void Communication::finish(Group& group) {
    in_flight_ = false;
    if (!group.outcome) {
        give_up(group);
        return;
    }
    commits_.add();
    accepted_.add(group.batch.accepted.size());
    for (Answer& answer : group.answers) {
        answer.responder.reply(noa::sdk::Body(answer.text, noa::sdk::json_content_type));
    }
    for (const noa::Json& dead : group.given_up) {
        static_cast<void>(publish("communication.dead", noa::json_body(dead)));
    }
    for (Later& later : group.later) {
        later.told(std::move(later.responder));
    }
    for (const GroupEdit& edit : group.batch.groups) {
        if (edit.members.empty()) {
            groups_.erase(edit.name);
        } else {
            groups_[edit.name] = noa::Json::parse(edit.members).get<std::vector<std::string>>();
        }
    }
    for (MessagePtr& message : group.batch.accepted) {
        deliveries_->add(std::move(message));
    }
    if (!waiters_.empty()) {
        for (const Settlement& settlement : group.batch.settlements) {
            wake_waiters(settlement);
        }
    }
    flush();
}

// New messages are refused; what is known of old ones is kept, and tried again: they go on being
// delivered meanwhile.
void Communication::give_up(Group& group) {
    store_fault_ = group.outcome.error().message();
    log(noa::Level::error, "commit.failed", store_fault_);
    const noa::Error failure{NOA_E_UNAVAILABLE, "the store takes nothing: " + store_fault_};
    std::unique_ptr<Group> rest = std::exchange(gathering_, std::make_unique<Group>());
    for (Group* one : {&group, rest.get()}) {
        refused_.add(one->batch.accepted.size());
        for (const SeenKey& key : one->keys) {
            seen_->erase(key);
        }
        for (Answer& answer : one->answers) {
            answer.responder.fail(failure);
        }
        for (Later& later : one->later) {
            later.responder.fail(failure);
        }
        Batch& kept = gathering_->batch;
        std::ranges::move(one->batch.attempts, std::back_inserter(kept.attempts));
        std::ranges::move(one->batch.settlements, std::back_inserter(kept.settlements));
        std::ranges::move(one->given_up, std::back_inserter(gathering_->given_up));
    }
    const auto again = after(pause_after_fault, [this] {
        store_fault_.clear();
        flush();
    });
    if (!again) {
        store_fault_.clear();
    }
}

void Communication::forget_old() {
    if (writer_ == nullptr || in_flight_) { // who waits for a commit comes first
        return;
    }
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(settings_.history).count();
    const Seq through = last_seq_ - static_cast<Seq>(settings_.history_messages);
    auto gone = std::make_unique<Stored<std::int64_t>>(0);
    auto* place = gone.get();
    writer_->run(
        [place, before = wall() - age, through](Store& store) {
            *place = store.forget(before, through, forgotten_at_once);
        },
        [this, gone = std::move(gone)] {
            if (!*gone) {
                log(noa::Level::warning, "forget.failed", gone->error().message());
            } else if (**gone >= forgotten_at_once && !host().stopping()) {
                static_cast<void>(after(std::chrono::milliseconds(50), [this] { forget_old(); }));
            }
        });
}

} // namespace communication
