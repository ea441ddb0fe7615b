#include "link/replicas.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace noa::link {

namespace {

template <class Each>
Result<void> in_turn(const std::vector<RemoteInstance*>& all, Each&& each) {
    for (auto* one : all) {
        if (auto done = each(*one); !done) {
            return done;
        }
    }
    return {};
}

} // namespace

Result<void> Replicas::configure(const std::string& settings_json, bool commit) {
    return in_turn(all_, [&](auto& one) { return one.configure(settings_json, commit); });
}

Result<void> Replicas::start() {
    return in_turn(all_, [](auto& one) { return one.start(); });
}

Result<void> Replicas::quiesce(std::int64_t deadline_ns) {
    return in_turn(all_, [&](auto& one) { return one.quiesce(deadline_ns); });
}

void Replicas::confirm() {
    for (auto* one : all_) {
        one->confirm();
    }
}

bool Replicas::takes_live_settings() const noexcept {
    return all_.front()->takes_live_settings();
}

Result<void> Replicas::reconfigure(const std::string& settings_json, bool commit) {
    return in_turn(all_, [&](auto& one) { return one.reconfigure(settings_json, commit); });
}

Result<plugin::SavedState> Replicas::save(std::uint64_t limit) {
    return all_.front()->save(limit);
}

Result<void> Replicas::restore(const plugin::SavedState& state) {
    return all_.front()->restore(state);
}

noa_status Replicas::handle(const noa_message& message, noa_delivery delivery,
                            noa_error& error) noexcept {
    std::size_t chosen = all_.size();
    std::size_t least = 0;
    for (std::size_t i = 1; i <= all_.size(); ++i) {
        const auto at = (last_ + i) % all_.size();
        const auto open = all_[at]->open_count();
        if (chosen == all_.size() || open < least) {
            chosen = at;
            least = open;
        }
    }
    last_ = chosen;
    return all_[chosen]->handle(message, delivery, error);
}

void Replicas::on_reply(std::uint64_t tag, noa_status status, const noa_message* message) noexcept {
    const auto at = static_cast<std::size_t>(tag >> RemoteOptions::replica_shift);
    if (at < all_.size()) {
        all_[at]->on_reply(tag & RemoteOptions::serial_mask, status, message);
    }
}

void Replicas::taken_back() noexcept {
    for (auto* one : all_) {
        one->taken_back();
    }
}

bool Replicas::has_gone() const noexcept {
    return std::any_of(all_.begin(), all_.end(), [](const auto* one) { return one->has_gone(); });
}

// One that has it, and has not begun with it, knows.
bool Replicas::may_have_begun(noa_delivery delivery) const {
    return std::all_of(all_.begin(), all_.end(),
                       [&](const auto* one) { return one->may_have_begun(delivery); });
}

void Replicas::flush() noexcept {
    for (auto* one : all_) {
        one->flush();
    }
}

Result<std::string> Replicas::ask(Question question) {
    if (question == Question::describe) {
        return all_.front()->ask(question);
    }
    auto list = nlohmann::json::array();
    std::string first;
    for (auto* one : all_) {
        auto said = one->ask(question);
        if (!said || said->empty()) {
            return said;
        }
        auto parsed = nlohmann::json::parse(*said, nullptr, false);
        if (question == Question::health && parsed.value("status", "healthy") != "healthy") {
            return said;
        }
        first = first.empty() ? *said : first;
        list.push_back(std::move(parsed));
    }
    return question == Question::health ? first
                                        : nlohmann::json{{"replicas", std::move(list)}}.dump();
}

} // namespace noa::link
