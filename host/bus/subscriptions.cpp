#include "bus/subscriptions.hpp"

#include <algorithm>

#include "base/names.hpp"

namespace noa::bus {

bool pattern_matches(std::string_view pattern, std::string_view subject) noexcept {
    while (true) {
        const auto pattern_dot = pattern.find('.');
        const auto subject_dot = subject.find('.');
        const auto token = pattern.substr(0, pattern_dot);
        if (token == ">") {
            return true;
        }
        if (token != "*" && token != subject.substr(0, subject_dot)) {
            return false;
        }
        const bool pattern_ends = pattern_dot == std::string_view::npos;
        const bool subject_ends = subject_dot == std::string_view::npos;
        if (pattern_ends || subject_ends) {
            return pattern_ends && subject_ends;
        }
        pattern.remove_prefix(pattern_dot + 1);
        subject.remove_prefix(subject_dot + 1);
    }
}

void SubjectTree::add(std::string_view pattern, Endpoint* endpoint) {
    Node* node = &root_;
    while (true) {
        const auto dot = pattern.find('.');
        const auto token = pattern.substr(0, dot);
        if (token == ">") {
            node->onwards.push_back(endpoint);
            return;
        }
        auto& child = token == "*" ? node->any : node->next[std::string(token)];
        if (!child) {
            child = std::make_unique<Node>();
        }
        node = child.get();
        if (dot == std::string_view::npos) {
            node->here.push_back(endpoint);
            return;
        }
        pattern.remove_prefix(dot + 1);
    }
}

void SubjectTree::match(std::string_view subject, std::vector<Endpoint*>& out) const {
    walk(root_, subject, out);
    if (out.size() > 1) {
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
    }
}

// Recursion is bounded by the tokens of a subject, 128 at most.
void SubjectTree::walk(const Node& node, // NOLINT(misc-no-recursion)
                       std::string_view rest, std::vector<Endpoint*>& out) {
    out.insert(out.end(), node.onwards.begin(), node.onwards.end());
    const auto dot = rest.find('.');
    const auto token = rest.substr(0, dot);
    const auto descend = [&](const Node& child) {
        if (dot == std::string_view::npos) {
            out.insert(out.end(), child.here.begin(), child.here.end());
        } else {
            walk(child, rest.substr(dot + 1), out);
        }
    };
    if (node.any) {
        descend(*node.any);
    }
    if (const auto found = node.next.find(token); found != node.next.end()) {
        descend(*found->second);
    }
}

std::uint64_t Subscriptions::next_serial() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

noa_status Subscriptions::insert(Entry& entry, std::uint64_t owner, std::string_view pattern,
                                 bool& ret_made) {
    const auto found = entry.owners_of.find(pattern);
    const bool routed = found != entry.owners_of.end();
    if (routed &&
        std::find(found->second.begin(), found->second.end(), owner) != found->second.end()) {
        return NOA_OK;
    }
    const auto count = entry.counts.find(owner);
    if ((count != entry.counts.end() && count->second >= max_per_owner) ||
        (!routed && entry.owners_of.size() >= max_per_endpoint)) {
        return NOA_E_TOO_LARGE;
    }
    if (routed) {
        found->second.push_back(owner);
    } else {
        entry.owners_of.emplace(std::string(pattern), std::vector{owner});
        changed();
    }
    ++entry.counts[owner];
    ret_made = true;
    return NOA_OK;
}

bool Subscriptions::erase(Entry& entry, std::uint64_t owner, std::string_view pattern) {
    const auto found = entry.owners_of.find(pattern);
    if (found == entry.owners_of.end() || std::erase(found->second, owner) == 0) {
        return false;
    }
    if (found->second.empty()) {
        entry.owners_of.erase(found);
        changed();
    }
    const auto count = entry.counts.find(owner);
    if (--count->second == 0) {
        entry.counts.erase(count);
    }
    return true;
}

noa_status Subscriptions::add(Endpoint& endpoint, std::uint64_t owner, std::string_view pattern) {
    if (!is_pattern(pattern)) {
        return NOA_E_INVALID;
    }
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[endpoint.index()];
    entry.endpoint = &endpoint;
    bool made = false;
    return insert(entry, owner, pattern, made);
}

noa_status Subscriptions::add_all(Endpoint& endpoint, std::uint64_t owner,
                                  const std::vector<std::string>& patterns) {
    if (!std::all_of(patterns.begin(), patterns.end(),
                     [](const auto& pattern) { return is_pattern(pattern); })) {
        return NOA_E_INVALID;
    }
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[endpoint.index()];
    entry.endpoint = &endpoint;
    std::vector<std::string_view> added;
    for (const auto& pattern : patterns) {
        bool made = false;
        const auto status = insert(entry, owner, pattern, made);
        if (status != NOA_OK) {
            for (const auto& each : added) {
                static_cast<void>(erase(entry, owner, each));
            }
            return status;
        }
        if (made) {
            added.emplace_back(pattern);
        }
    }
    return NOA_OK;
}

noa_status Subscriptions::remove(const Endpoint& endpoint, std::uint64_t owner,
                                 std::string_view pattern) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(endpoint.index());
    return entry != entries_.end() && erase(entry->second, owner, pattern) ? NOA_OK
                                                                           : NOA_E_NOT_FOUND;
}

void Subscriptions::remove_owner(const Endpoint& endpoint, std::uint64_t owner) {
    static_cast<void>(take_owner(endpoint, owner));
}

std::vector<std::string> Subscriptions::take_owner(const Endpoint& endpoint, std::uint64_t owner) {
    std::vector<std::string> taken;
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(endpoint.index());
    if (entry == entries_.end() || entry->second.counts.erase(owner) == 0) {
        return taken;
    }
    auto& owners_of = entry->second.owners_of;
    for (auto& [pattern, owners] : owners_of) {
        if (std::erase(owners, owner) != 0) {
            taken.push_back(pattern);
        }
    }
    if (std::erase_if(owners_of, [](const auto& pattern) { return pattern.second.empty(); }) != 0) {
        changed();
    }
    if (owners_of.empty()) {
        entries_.erase(entry);
    }
    return taken;
}

std::vector<std::string> Subscriptions::patterns(const Endpoint& endpoint) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    if (const auto entry = entries_.find(endpoint.index()); entry != entries_.end()) {
        for (const auto& [pattern, owners] : entry->second.owners_of) {
            out.push_back(pattern);
        }
    }
    return out;
}

std::shared_ptr<const SubjectTree> Subscriptions::snapshot() const {
    const std::lock_guard lock(mutex_);
    const auto version = version_.load(std::memory_order_relaxed);
    if (built_version_ != version) {
        auto tree = std::make_shared<SubjectTree>();
        for (const auto& [index, entry] : entries_) {
            for (const auto& [pattern, owners] : entry.owners_of) {
                tree->add(pattern, entry.endpoint);
            }
        }
        built_ = std::move(tree);
        built_version_ = version;
    }
    return built_;
}

const SubjectTree& Subscriptions::current() const {
    struct Seen {
        std::uint64_t serial = 0;
        std::uint64_t version = 0;
        std::shared_ptr<const SubjectTree> tree; // owners: see built_
    };
    thread_local Seen seen;
    const auto version = version_.load(std::memory_order_acquire);
    if (seen.serial != serial_ || seen.version != version) {
        seen.tree = snapshot();
        seen.serial = serial_;
        seen.version = version;
    }
    return *seen.tree;
}

} // namespace noa::bus
