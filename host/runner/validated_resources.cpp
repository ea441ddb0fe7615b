#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/sanitizers.hpp"
#include "validated_items.hpp"

namespace noa::runner {

namespace {

namespace fs = std::filesystem;

constexpr int reload_count = 100;
constexpr int warm_up = 20; // caches of the loader and the C library are full by then
// What leaks does so in each stretch; what is allocated once, by whomever, in one of them.
constexpr int stretch = 20;
constexpr std::size_t heap_slack = std::size_t{64} * stretch; // in a stretch
constexpr std::size_t resident_slack = std::size_t{4} * 1024 * 1024;
constexpr std::int64_t patience_ns = 2'000'000'000;

std::size_t entries_of(const char* directory) {
    std::error_code error;
    std::size_t count = 0;
    for (fs::directory_iterator entries(directory, error);
         !error && entries != fs::directory_iterator(); entries.increment(error)) {
        ++count;
    }
    return count;
}

struct Usage {
    std::size_t threads = 0;
    std::size_t descriptors = 0;
    std::size_t heap = 0;
    std::size_t resident = 0;
};

// By how much the heap grew in the stretch in which it grew least.
class HeapGrowth {
public:
    void note(std::size_t heap) {
        if (begun_) {
            least_ = std::min(least_, heap > last_ ? heap - last_ : 0);
        }
        begun_ = true;
        last_ = heap;
    }
    [[nodiscard]] std::size_t least() const noexcept { return least_ == SIZE_MAX ? 0 : least_; }

private:
    bool begun_ = false;
    std::size_t last_ = 0;
    std::size_t least_ = SIZE_MAX;
};

std::size_t resident_bytes() {
    const auto text = noa::read_file("/proc/self/statm", 256);
    const auto second = text ? text->find(' ') : std::string::npos;
    if (second == std::string::npos) {
        return 0;
    }
    std::size_t pages = 0;
    std::from_chars(text->data() + second + 1, text->data() + text->size(), pages);
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Usage usage_now() {
    const auto heap = ::mallinfo2();
    return {entries_of("/proc/self/task"), entries_of("/proc/self/fd"), heap.uordblks + heap.hblkhd,
            resident_bytes()};
}

// A copy of its own for each generation, as the host stages them.
class Copy {
public:
    Copy(const Trial& trial, int number)
        : path_(trial.scratch / ("generation-" + std::to_string(number) + ".so")) {
        std::error_code ignored;
        fs::copy_file(trial.file, path_, fs::copy_options::overwrite_existing, ignored);
    }
    ~Copy() {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

struct Generation {
    Generation(const Trial& trial, int number) : copy(trial, number), life(trial, copy.path()) {}
    Copy copy;
    Life life;
};

// As the host does it: beside, then quiesce, save, restore, start, and the old one goes.
Breach take_over(Life& next, Life* old) {
    auto breach = next.load();
    if (breach.empty() && old != nullptr) {
        next.harness().host().now_ns = old->harness().now_ns();
        next.harness().host().sockets = old->harness().host().sockets;
        next.harness().host().arena = old->harness().host().arena;
        next.harness().host().facts.generation = old->harness().host().facts.generation + 1;
    }
    breach = breach.empty() ? next.set_up() : breach;
    if (breach.empty() && old != nullptr) {
        testing::SavedState state;
        breach = old->quiesce();
        if (breach.empty()) {
            breach = old->step("save", [&](auto& agent) { return agent.save(state); });
        }
        if (breach.empty() && state.schema != 0) {
            breach = next.step("restore", [&](auto& agent) { return agent.restore(state); });
        }
    }
    breach = breach.empty() ? next.start() : breach;
    return breach.empty() && old != nullptr ? old->unload() : breach;
}

std::string growth(const Usage& before, const Usage& after,
                   [[maybe_unused]] std::size_t heap_each) {
    const std::string in = " in " + std::to_string(reload_count - warm_up) + " reloads";
    if (after.threads > before.threads) {
        return "threads: " + std::to_string(after.threads - before.threads) + " more" + in;
    }
    if (after.descriptors > before.descriptors) {
        return "descriptors: " + std::to_string(after.descriptors - before.descriptors) + " more" +
               in;
    }
#ifndef NOA_UNDER_SANITIZER
    if (heap_each > heap_slack) {
        return "heap: " + std::to_string(after.heap - before.heap) + " bytes more" + in +
               ", some in each " + std::to_string(stretch);
    }
    if (after.resident > before.resident + resident_slack) {
        return "resident memory: " + std::to_string(after.resident - before.resident) +
               " bytes more" + in;
    }
#endif
    return {};
}

} // namespace

std::size_t thread_count() {
    return entries_of("/proc/self/task");
}

std::size_t threads_down_to(std::size_t wanted) {
    const std::int64_t deadline = monotonic_ns() + patience_ns;
    std::size_t threads = thread_count();
    while (threads > wanted && monotonic_ns() < deadline) {
        std::this_thread::yield();
        threads = thread_count();
    }
    return threads;
}

ItemVerdict try_threads(const Trial& trial) {
    Life life(trial, trial.file);
    auto breach = life.load();
    const std::size_t before = entries_of("/proc/self/task");
    breach = breach.empty() ? life.set_up() : breach;
    breach = breach.empty() ? life.start() : breach;
    const std::size_t started = entries_of("/proc/self/task");
    std::size_t messages = 0;
    breach = breach.empty() ? exercise(life, messages) : breach;
    breach = breach.empty() ? life.quiesce() : breach;
    if (!breach.empty()) {
        return failed(breach);
    }
    if (const auto after = threads_down_to(before); after > before) {
        return failed(std::to_string(after - before) + " threads are left after quiesce");
    }
    breach = life.violation();
    breach = breach.empty() ? life.unload() : breach;
    return breach.empty() ? passed(std::to_string(started - std::min(started, before)) +
                                   " of its own at start, none after quiesce")
                          : failed(breach);
}

ItemVerdict try_unload(const Trial& trial) {
    for (const bool lives : {false, true}) {
        Life life(trial, trial.file);
        auto breach = life.load();
        std::size_t messages = 0;
        if (lives) {
            breach = breach.empty() ? life.set_up() : breach;
            breach = breach.empty() ? life.start() : breach;
            breach = breach.empty() ? exercise(life, messages) : breach;
            breach = breach.empty() ? life.quiesce() : breach;
        }
        breach = breach.empty() ? life.unload() : breach;
        if (!breach.empty()) {
            return failed(breach);
        }
    }
    return passed("unmapped after dlclose");
}

ItemVerdict try_reloads(const Trial& trial) {
    // One arena: what a thread leaves in its own would pass for a leak.
    ::mallopt(M_ARENA_MAX, 1); // NOLINT(concurrency-mt-unsafe): no other thread yet
    std::unique_ptr<Generation> running;
    Usage before;
    HeapGrowth heap;
    std::size_t threads = SIZE_MAX;
    for (int number = 0; number <= reload_count; ++number) {
        auto next = std::make_unique<Generation>(trial, number);
        if (auto breach = take_over(next->life, running ? &running->life : nullptr);
            !breach.empty()) {
            return failed("reload " + std::to_string(number) + ": " + breach);
        }
        running = std::move(next);
        threads = std::min(threads, entries_of("/proc/self/task"));
        if (number >= warm_up && number % stretch == 0) {
            heap.note(usage_now().heap);
        }
        if (number == warm_up) {
            before = usage_now();
            before.threads = threads; // without those that are about to be gone
        }
    }
    static_cast<void>(threads_down_to(before.threads));
    const auto found = growth(before, usage_now(), heap.least());
    auto breach = found.empty() ? running->life.quiesce() : found;
    breach = breach.empty() ? running->life.unload() : breach;
    return breach.empty() ? passed(std::to_string(reload_count) + " reloads, nothing grew")
                          : failed(breach);
}

} // namespace noa::runner
