// Group commit: what comes while the disk is at work is the next group.
#include <iterator>
#include <utility>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr noa::Duration pause_after_fault = std::chrono::seconds(1);

} // namespace

void Drafting::when_committed(noa::Responder responder,
                              noa::sdk::Function<void(noa::Responder)> told) {
    if (!store_fault_.empty()) {
        gathering_ = std::make_unique<Group>();
        responder.fail(noa::Error{NOA_E_UNAVAILABLE, "the store takes nothing: " + store_fault_,
                                  std::chrono::seconds(1)});
        return;
    }
    if (!in_flight_ && gathering_->batch.empty()) {
        told(std::move(responder));
        return;
    }
    gathering_->later.push_back({std::move(responder), std::move(told)});
    flush();
}

void Drafting::event(const std::string& id, std::string_view what, std::string body) {
    gathering_->events.emplace_back("drafts." + id + "." + std::string(what), std::move(body));
}

void Drafting::flush() {
    if (!in_flight_ && !gathering_->empty() && writer_ != nullptr && store_fault_.empty() &&
        !host().stopping()) {
        submit(std::exchange(gathering_, std::make_unique<Group>()));
    }
}

void Drafting::submit(std::unique_ptr<Group> group) {
    in_flight_ = true;
    for (const auto& [id, version] : group->versions) {
        flying_.insert(id);
    }
    Group* place = group.get();
    writer_->commit(
        [place](Store& store) {
            place->outcome = place->batch.empty() ? Stored<>() : store.commit(place->batch);
        },
        [this, group = std::move(group)] { finish(*group); });
}

void Drafting::finish(Group& group) {
    in_flight_ = false;
    flying_.clear();
    if (!group.outcome) {
        give_up(group);
        return;
    }
    commits_.add(group.batch.empty() ? 0 : 1);
    accepted_.add(group.batch.rows.size());
    for (const auto& [id, version] : group.versions) {
        if (const auto found = open_.find(id); found != open_.end()) {
            found->second.authority.was_committed(version);
        }
    }
    for (const auto& [id, version] : group.saved) {
        checkpoints_.add();
        if (const auto found = open_.find(id); found != open_.end()) {
            found->second.authority.was_saved(version);
            found->second.saving = -1;
        }
    }
    for (Later& later : group.later) {
        later.told(std::move(later.responder));
    }
    for (const auto& [subject, body] : group.events) {
        static_cast<void>(publish(subject, noa::Body(body, noa::json_content_type)));
    }
    for (const auto& [id, version] : group.versions) {
        wake(id);
    }
    flush();
}

// Nobody was told of what was not committed: the drafts are as they are on the disk.
void Drafting::give_up(Group& group) {
    store_fault_ = group.outcome.error().message();
    log(noa::Level::error, "commit.failed", store_fault_);
    const noa::Error failure{NOA_E_UNAVAILABLE, "the store takes nothing: " + store_fault_,
                             std::chrono::seconds(1)};
    std::unique_ptr<Group> rest = std::exchange(gathering_, std::make_unique<Group>());
    for (Group* one : {&group, rest.get()}) {
        refused_.add(one->batch.rows.size());
        for (Later& later : one->later) {
            later.responder.fail(failure);
        }
    }
    open_.clear();
    dropping_.clear();
    const auto again = after(pause_after_fault, [this] {
        store_fault_.clear();
        flush();
    });
    if (!again) {
        store_fault_.clear();
    }
}

} // namespace drafting
