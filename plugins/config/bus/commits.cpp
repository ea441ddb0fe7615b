// Group commit: what comes while the disk is at work is the next group.
#include <utility>

#include "agent.hpp"

namespace config {

void Config::flush() {
    if (!in_flight_ && !gathering_->empty()) {
        submit(std::exchange(gathering_, std::make_unique<Batch>()));
    }
}

void Config::submit(std::unique_ptr<Batch> batch) {
    in_flight_ = true;
    Batch* place = batch.get();
    worker_->run(
        [place](Store& store) {
            place->outcome = store.commit(place->changes, place->audit);
            place->compacted = store.compacted();
        },
        [this, batch = std::move(batch)] { finish(*batch); });
}

void Config::finish(Batch& batch) {
    in_flight_ = false;
    if (!batch.outcome) {
        give_up(batch);
        return;
    }
    commits_.add();
    store_fault_.clear();
    tables_.committed(batch.changes);
    if (std::exchange(compacted_, batch.compacted) != batch.compacted) {
        tables_.forget(compacted_);
    }
    for (const Change& change : batch.changes) {
        changes_.add();
        tell(change);
    }
    for (Answer& answer : batch.answers) {
        answer.responder.reply(noa::sdk::Body(answer.text, noa::sdk::json_content_type));
    }
    wake_waiters();
    follow_changes(batch.changes);
    flush();
}

// What was planned since is on top of what is not there.
void Config::give_up(Batch& batch) {
    store_fault_ = batch.outcome.error().message();
    log(noa::Level::error, "commit.failed", store_fault_);
    tables_.give_up();
    const noa::Error failure = batch.outcome.error().failure();
    for (Answer& answer : batch.answers) {
        answer.responder.fail(failure);
    }
    for (Answer& answer : std::exchange(gathering_, std::make_unique<Batch>())->answers) {
        answer.responder.fail(failure);
    }
}

void Config::tell(const Change& change) {
    const std::string& name = change.after->key.name;
    if (change.after->key.layer == template_layer) {
        memos_.clear();
    }
    for (const std::string& other : tables_.referrers(name)) {
        memos_.erase(memos_.lower_bound({other, {}}), memos_.lower_bound({other + '\0', {}}));
    }
    memos_.erase(memos_.lower_bound({name, {}}), memos_.lower_bound({name + '\0', {}}));
    std::string text = event_text(row_of(change));
    const auto sent =
        publish("config.changed." + name, noa::sdk::Body(text, noa::sdk::json_content_type));
    if (!sent || sent->refused > 0) {
        events_refused_.add(sent ? sent->refused : 1);
    }
    recent_->add(change, std::move(text));
}

} // namespace config
