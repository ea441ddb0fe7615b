// What a runner's lane is at: a page that both sides map, so that looking costs neither anything.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

class LanePage {
public:
    LanePage() = default;
    LanePage(LanePage&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
    LanePage& operator=(LanePage&& other) noexcept {
        std::swap(page_, other.page_);
        return *this;
    }
    LanePage(const LanePage&) = delete;
    LanePage& operator=(const LanePage&) = delete;
    ~LanePage();

    // [host] The page, and the descriptor that the runner maps: sealed, so that neither side can
    // have the other fault.
    [[nodiscard]] static Result<std::pair<LanePage, UniqueFd>> make();
    // [runner]
    [[nodiscard]] static Result<LanePage> open(int fd);

    // [runner's lane] One call into the plugin, while it lasts. `delivery`: that it is about; 0:
    // none.
    class Call {
    public:
        Call(LanePage& page, std::string_view what, std::uint64_t delivery = 0) noexcept
            : page_(page) {
            page_.begin(what, monotonic_ns(), delivery);
        }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        ~Call() { page_.end(); }

    private:
        LanePage& page_;
    };
    void begin(std::string_view what, std::int64_t now_ns, std::uint64_t delivery = 0) noexcept;
    void end() noexcept;

    struct Seen {
        std::int64_t since_ns = 0; // of the call that it is in; 0: in none
        std::string what;
        std::uint64_t delivery = 0;
    };
    // [host] Hostile input: whatever the runner wrote.
    [[nodiscard]] Seen look() const;

private:
    static constexpr std::size_t what_max = 64;
    struct Page {
        std::atomic<std::int64_t> since_ns;
        std::atomic<std::uint64_t> delivery;
        char what[what_max]; // NOLINT(modernize-avoid-c-arrays): shared memory
    };
    [[nodiscard]] static Result<LanePage> map(int fd);

    Page* page_ = nullptr;
};

} // namespace noa::link
