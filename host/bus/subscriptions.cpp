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

noa_status Subscriptions::add(Endpoint& endpoint, std::uint64_t owner, std::string_view pattern) {
    if (!is_pattern(pattern)) {
        return NOA_E_INVALID;
    }
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[endpoint.index()];
    entry.endpoint = &endpoint;
    const auto found = entry.owners_of.find(pattern);
    if (found == entry.owners_of.end()) {
        if (entry.owners_of.size() >= max_per_endpoint) {
            return NOA_E_TOO_LARGE;
        }
        entry.owners_of.emplace(std::string(pattern), std::vector{owner});
        changed();
    } else if (std::find(found->second.begin(), found->second.end(), owner) ==
               found->second.end()) {
        found->second.push_back(owner);
    }
    return NOA_OK;
}

noa_status Subscriptions::remove(const Endpoint& endpoint, std::uint64_t owner,
                                 std::string_view pattern) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(endpoint.index());
    if (entry == entries_.end()) {
        return NOA_E_NOT_FOUND;
    }
    const auto found = entry->second.owners_of.find(pattern);
    if (found == entry->second.owners_of.end() || std::erase(found->second, owner) == 0) {
        return NOA_E_NOT_FOUND;
    }
    if (found->second.empty()) {
        entry->second.owners_of.erase(found);
        changed();
    }
    return NOA_OK;
}

void Subscriptions::remove_owner(const Endpoint& endpoint, std::uint64_t owner) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(endpoint.index());
    if (entry == entries_.end()) {
        return;
    }
    auto& owners_of = entry->second.owners_of;
    for (auto& [pattern, owners] : owners_of) {
        std::erase(owners, owner);
    }
    if (std::erase_if(owners_of, [](const auto& pattern) { return pattern.second.empty(); }) != 0) {
        changed();
    }
    if (entry->second.owners_of.empty()) {
        entries_.erase(entry);
    }
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
