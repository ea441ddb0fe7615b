// One generation of a plugin under validation, on a lane of its own.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "noa/testing/harness.hpp"
#include "plugin/library.hpp"

namespace noa::runner {

// What went wrong; empty when nothing did.
using Breach = std::string;

// What every item has at hand.
struct Trial {
    std::filesystem::path file;
    std::filesystem::path scratch;
    std::string settings; // "": what the plugin accepts
    std::function<void(std::string_view)> tell_step;
};

// Runs functions on one thread, one after the other.
class TrialLane {
public:
    TrialLane();
    ~TrialLane() { join(); }
    TrialLane(const TrialLane&) = delete;
    TrialLane& operator=(const TrialLane&) = delete;

    // Returns when `work` has. `work` does not throw.
    void run(const std::function<void()>& work);
    void join();

private:
    void loop();

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    bool ended_ = false;
    std::thread thread_;
};

class Life {
public:
    using Harness = testing::Harness;
    using Work = std::function<testing::Outcome(Harness&)>;

    // `file`: whose library; each that lives at the same time has a file of its own.
    Life(const Trial& trial, std::filesystem::path file);
    ~Life() { static_cast<void>(unload()); }

    [[nodiscard]] Breach load();
    // On the lane, behind the wall. Wanted: NOA_OK; another status needs a text.
    [[nodiscard]] Breach step(std::string_view name, const Work& work);
    // The same, but the plugin may say no: `accepted` tells.
    [[nodiscard]] Breach ask(std::string_view name, const Work& work, bool& accepted);
    // Create, configure with the trial's settings or with what is accepted, start.
    [[nodiscard]] Breach set_up();
    [[nodiscard]] Breach start();
    [[nodiscard]] Breach quiesce();
    // What the harness saw against the contract.
    [[nodiscard]] Breach violation();
    [[nodiscard]] Harness& harness() noexcept { return *harness_; }
    [[nodiscard]] const noa_plugin& table() const noexcept { return library_->table(); }
    // The settings that set_up has committed.
    [[nodiscard]] const std::string& settings() const noexcept { return settings_; }

    // Destroys, joins the lane, closes. A breach when it throws or stays mapped.
    [[nodiscard]] Breach unload();

private:
    [[nodiscard]] Breach choose_settings();

    const Trial& trial_;
    std::filesystem::path file_;
    std::optional<TrialLane> lane_;
    std::optional<plugin::Library> library_;
    std::optional<Harness> harness_;
    std::string settings_;
    std::string refusal_; // what the last one that said no said
};

} // namespace noa::runner
