#include "validated_life.hpp"

#include <exception>
#include <utility>

#include "plugin/text.hpp"
#include "plugin/wall.hpp"
#include "validated_settings.hpp"

namespace noa::runner {

namespace {

constexpr std::size_t refusal_text_max = 240;

bool is_known(noa_status status) noexcept {
    return status < 0 && status >= NOA_E_NOT_FOUND;
}

std::string say(std::string_view step, std::string_view text) {
    return std::string(step).append(": ").append(plugin::printable(text, refusal_text_max));
}

} // namespace

TrialLane::TrialLane() : thread_([this] { loop(); }) {}

void TrialLane::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return work_ != nullptr || ended_; });
        if (work_ == nullptr) {
            return;
        }
        const auto* work = work_;
        lock.unlock();
        (*work)();
        lock.lock();
        work_ = nullptr;
        changed_.notify_all();
    }
}

void TrialLane::run(const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
}

void TrialLane::join() {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
}

Life::Life(const Trial& trial, std::filesystem::path file)
    : trial_(trial), file_(std::move(file)) {}

Breach Life::load() {
    Breach breach;
    lane_.emplace();
    lane_->run([&] {
        auto opened = plugin::Library::open(file_, trial_.tell_step);
        if (!opened) {
            breach = opened.error().reason;
            return;
        }
        library_.emplace(std::move(*opened));
        trial_.tell_step("extension");
        noa_error error = plugin::empty_error();
        if (plugin::behind_wall(error, [&] {
                harness_.emplace(&library_->table());
                return NOA_OK;
            }) != NOA_OK) {
            breach = say("extension", error.text);
        }
    });
    if (breach.empty()) {
        harness_->set_state_dir((trial_.scratch / "state").string());
    }
    return breach;
}

Breach Life::ask(std::string_view name, const Work& work, bool& accepted) {
    Breach breach;
    accepted = false;
    trial_.tell_step(name);
    lane_->run([&] {
        testing::Outcome outcome;
        noa_error thrown = plugin::empty_error();
        if (plugin::behind_wall(thrown, [&] {
                outcome = work(*harness_);
                return NOA_OK;
            }) != NOA_OK) {
            breach = say(name, thrown.text);
            return;
        }
        accepted = static_cast<bool>(outcome);
        refusal_ = accepted ? std::string() : say(name, outcome.text);
        const std::string status = std::to_string(outcome.status);
        if (!accepted && !is_known(outcome.status)) {
            breach = say(name, "status " + status + " is none of noa/status.h");
        } else if (!accepted && outcome.text.empty()) {
            breach = say(name, "it answered " + status + " without a text that says why");
        }
    });
    return breach.empty() ? violation() : breach;
}

Breach Life::step(std::string_view name, const Work& work) {
    bool accepted = false;
    auto breach = ask(name, work, accepted);
    return breach.empty() && !accepted ? refusal_ : breach;
}

Breach Life::violation() {
    const testing::FakeHost::Lock lock(harness_->host().mutex);
    const auto& found = harness_->violations();
    return found.empty() ? Breach() : "against the contract: " + found.front();
}

// `{}`, or the first of what the schema says that it takes.
Breach Life::choose_settings() {
    std::vector<std::string> candidates{trial_.settings};
    if (trial_.settings.empty()) {
        candidates = {"{}"};
        for (const auto& value : usual_settings(table().settings_schema)) {
            candidates.push_back(value.dump());
        }
    }
    for (const auto& candidate : candidates) {
        bool accepted = false;
        settings_ = candidate;
        if (auto breach = ask(
                "configure", [&](Harness& agent) { return agent.configure(candidate, false); },
                accepted);
            !breach.empty() || accepted) {
            return breach;
        }
    }
    return refusal_ + " (settings that it accepts are given with --settings)";
}

Breach Life::set_up() {
    auto breach = step("create", [](Harness& agent) { return agent.create(); });
    if (breach.empty()) {
        breach = choose_settings();
    }
    return breach.empty()
               ? step("configure", [&](Harness& agent) { return agent.configure(settings_, true); })
               : breach;
}

Breach Life::start() {
    return step("start", [](Harness& agent) { return agent.start(); });
}

Breach Life::quiesce() {
    return step("quiesce", [](Harness& agent) { return agent.quiesce(); });
}

Breach Life::unload() {
    Breach breach;
    if (harness_) {
        breach = step("destroy", [](Harness& agent) {
            agent.destroy();
            return testing::Outcome();
        });
        lane_->run([&] { harness_.reset(); });
    }
    if (lane_) {
        lane_->join();
        lane_.reset();
    }
    if (library_) {
        trial_.tell_step("dlclose");
        library_.reset();
        if (breach.empty() && plugin::is_mapped(file_)) {
            breach = "it stayed mapped after dlclose: a unique symbol, -z nodelete, or a "
                     "thread_local that a thread still has";
        }
    }
    return breach;
}

} // namespace noa::runner
