#include "sessions.hpp"

#include <algorithm>
#include <chrono>

namespace drafting {

bool Allowance::take(double count, double per_second, noa::Time now) noexcept {
    const double most = std::max(2 * per_second, count);
    const double seconds = std::chrono::duration<double>(now - at_).count();
    left_ = left_ < 0 ? most : std::min(most, left_ + seconds * per_second);
    at_ = now;
    if (left_ < count) {
        return false;
    }
    left_ -= count;
    return true;
}

Session* Sessions::find(const std::string& draft, const std::string& id) {
    const auto group = all_.find(draft);
    if (group == all_.end()) {
        return nullptr;
    }
    const auto found = group->second.find(id);
    return found == group->second.end() ? nullptr : &found->second;
}

std::vector<const Session*> Sessions::of(const std::string& draft) const {
    std::vector<const Session*> out;
    if (const auto group = all_.find(draft); group != all_.end()) {
        for (const auto& [id, session] : group->second) {
            out.push_back(&session);
        }
    }
    return out;
}

noa::Result<Session*> Sessions::put(const std::string& draft, Session session, std::size_t most,
                                    std::size_t most_of_draft) {
    if (Session* known = find(draft, session.id); known != nullptr) {
        *known = std::move(session);
        return known;
    }
    const auto group = all_.find(draft);
    if (count_ >= most || (group != all_.end() && group->second.size() >= most_of_draft)) {
        return noa::busy("too many have it open: sessions.most, sessions.draft");
    }
    const std::string id = session.id;
    ++count_;
    return &all_[draft].emplace(id, std::move(session)).first->second;
}

bool Sessions::drop(const std::string& draft, const std::string& id) {
    const auto group = all_.find(draft);
    if (group == all_.end() || group->second.erase(id) == 0) {
        return false;
    }
    --count_;
    if (group->second.empty()) {
        all_.erase(group);
    }
    return true;
}

void Sessions::drop_all(const std::string& draft) {
    if (const auto group = all_.find(draft); group != all_.end()) {
        count_ -= group->second.size();
        all_.erase(group);
    }
}

std::vector<std::pair<std::string, std::string>> Sessions::drop_silent(noa::Time before) {
    std::vector<std::pair<std::string, std::string>> gone;
    for (const auto& [draft, group] : all_) {
        for (const auto& [id, session] : group) {
            if (session.seen < before) {
                gone.emplace_back(draft, id);
            }
        }
    }
    for (const auto& [draft, id] : gone) {
        drop(draft, id);
    }
    return gone;
}

} // namespace drafting
