// Watchers: each has its own place in the order of revisions, and asks from there.
#include <algorithm>
#include <cmath>
#include <utility>

#include "agent.hpp"

namespace config {

namespace {

constexpr std::size_t most_waiters = 4096;
constexpr std::size_t most_names = 256;
constexpr double longest_wait_s = 600;

} // namespace

void Config::set_up_watch(noa::Setup& setup) {
    setup.operation("changes", "What changed after a revision, in order; waits for it if told to",
                    [this](const ChangesRequest& request, noa::Responder responder) {
                        changes(request, std::move(responder));
                    });
}

void Config::changes(const ChangesRequest& request, noa::Responder responder) {
    const bool bounded = request.limit >= 1 && request.limit <= 1000 &&
                         request.names.size() <= most_names && request.wait_s >= 0 &&
                         request.wait_s <= longest_wait_s;
    if (!bounded) {
        responder.fail(noa::invalid("/limit: 1 to 1000; /names: 256 at most; /wait_s: 0 to 600"));
        return;
    }
    if (request.since > tables_.revision() || request.since < 0) {
        responder.fail(noa::invalid("/since: expected 0 to " + std::to_string(tables_.revision()) +
                                    ", found " + std::to_string(request.since) +
                                    ": read all documents again, and go on from there"));
        return;
    }
    if (request.since < compacted_) {
        responder.fail({NOA_E_RETIRED, "compacted: revision " + std::to_string(request.since) +
                                           " is older than " + std::to_string(compacted_) +
                                           ": read all documents again, and go on from there"});
        return;
    }
    Filter filter{request.names, static_cast<std::size_t>(request.limit)};
    if (!recent_->covers(request.since)) {
        older_changes(request.since, std::move(filter), std::move(responder));
        return;
    }
    if (const auto answer = recent_->after(request.since, filter)) {
        responder.reply(noa::sdk::Body(*answer, noa::sdk::json_content_type));
        return;
    }
    if (request.wait_s == 0 || waiters_.size() >= most_waiters) {
        responder.reply(noa::sdk::Body(answer_of({}, filter, tables_.revision(), false),
                                       noa::sdk::json_content_type));
        return;
    }
    wait(tables_.revision(), std::move(filter),
         std::chrono::duration_cast<noa::Duration>(std::chrono::duration<double>(request.wait_s)),
         std::move(responder));
}

void Config::older_changes(Revision since, Filter filter, noa::Responder responder) {
    const auto limit = static_cast<std::int64_t>(filter.limit);
    look<std::vector<VersionRow>>(
        [since, limit](Store& store) { return store.events(since, limit); }, std::move(responder),
        [this, since, filter = std::move(filter)](const std::vector<VersionRow>& rows,
                                                  noa::Responder back) {
            if (since < compacted_) { // while it was read
                back.fail({NOA_E_RETIRED, "compacted: read all documents again"});
                return;
            }
            const bool more = !rows.empty() && rows.back().revision < tables_.revision();
            back.reply(
                noa::sdk::Body(answer_of(rows, filter, since, more), noa::sdk::json_content_type));
        });
}

void Config::wait(Revision since, Filter filter, noa::Duration patience, noa::Responder responder) {
    const auto place =
        waiters_.insert(waiters_.end(), Waiter{since, std::move(filter), std::move(responder)});
    const auto timer = after(patience, [this, place] {
        place->responder.reply(noa::sdk::Body(
            answer_of({}, place->filter, tables_.revision(), false), noa::sdk::json_content_type));
        waiters_.erase(place);
    });
    if (timer) {
        place->timer = *timer;
    } else {
        place->responder.fail(timer.error());
        waiters_.erase(place);
    }
}

void Config::wake_waiters() {
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        const auto here = at++;
        if (!recent_->covers(here->since)) { // long ago, and nothing that it takes
            here->since = recent_->revision();
            continue;
        }
        const auto answer = recent_->after(here->since, here->filter);
        here->since = recent_->revision();
        if (answer) {
            cancel(here->timer);
            here->responder.reply(noa::sdk::Body(*answer, noa::sdk::json_content_type));
            waiters_.erase(here);
        }
    }
}

} // namespace config
