// The arena of an agent under test: real memory, handed from generation to generation.
//
// Each mapping lies elsewhere, after grow too, and what was unmapped is never used again: what is
// kept of it for too long faults in the test.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "noa/ext/arena.h"
#include "noa/sdk/fd.hpp"

namespace noa::testing {

// As the host does it.  [lane] every function but release.
class FakeArena {
public:
    FakeArena() = default;
    FakeArena(const FakeArena&) = delete;
    FakeArena& operator=(const FakeArena&) = delete;
    ~FakeArena() {
        for (const auto& [base, size] : mapped_) {
            ::munmap(base, size);
        }
    }

    // Around a start: what is found clean is its own to write, or all is as it was.
    void starting() { starting_ = true; }
    void taken_over() {
        starting_ = memory_.of_start = false;
        former_ = Memory();
        if (read_only_) {
            ::mprotect(base_, found_.size, PROT_READ | PROT_WRITE);
            written(layout_);
        }
    }
    void given_up() {
        unmap();
        starting_ = false;
        if (memory_.of_start || former_.fd) {
            memory_ = std::exchange(former_, Memory());
        }
    }
    // After quiesce. And what a crash does: it was not closed.
    void unmap() {
        let_go();
        base_ = nullptr;
        read_only_ = false;
    }

    noa_status open(std::uint64_t layout, std::uint64_t size, noa_arena& ret_arena) {
        if (base_ != nullptr) {
            return NOA_E_STATE;
        }
        if (layout == 0) {
            return NOA_E_INVALID;
        }
        const noa_status status = make(std::max(size, memory_.size));
        if (status != NOA_OK) {
            return status;
        }
        read_only_ = starting_ && memory_.condition == NOA_ARENA_CLEAN;
        base_ = map();
        if (base_ == nullptr) {
            return NOA_E_FAILED;
        }
        found_ = {sizeof found_, memory_.condition, base_,
                  memory_.size,  memory_.layout,    ++memory_.epoch};
        layout_ = layout;
        if (!read_only_) {
            written(layout);
        }
        ret_arena = found_;
        return NOA_OK;
    }
    noa_status grow(std::uint64_t size, noa_arena& ret_arena) {
        if (base_ == nullptr) {
            return NOA_E_STATE;
        }
        if (size > memory_.size) {
            const noa_status status = make(size);
            if (status != NOA_OK) {
                return status;
            }
            void* moved = map();
            if (moved == nullptr) {
                return NOA_E_FAILED;
            }
            let_go();
            base_ = moved;
        }
        found_.base = base_;
        found_.size = memory_.size;
        ret_arena = found_;
        return NOA_OK;
    }
    noa_status release(std::uint64_t offset, std::uint64_t size) {
        if (base_ == nullptr || read_only_) {
            return NOA_E_STATE;
        }
        const std::uint64_t page = whole_pages(1);
        if (offset % page != 0 || size % page != 0 || offset > found_.size ||
            size > found_.size - offset) {
            return NOA_E_INVALID;
        }
        return ::madvise(static_cast<char*>(base_) + offset, size, MADV_REMOVE) == 0 ? NOA_OK
                                                                                     : NOA_E_FAILED;
    }
    noa_status close() {
        if (base_ == nullptr) {
            return NOA_E_STATE;
        }
        unmap();
        memory_.condition = NOA_ARENA_CLEAN;
        return NOA_OK;
    }
    noa_status discard() {
        unmap();
        if (starting_ && !memory_.of_start && !former_.fd) {
            former_ = std::exchange(memory_, Memory());
        }
        memory_ = Memory();
        return NOA_OK;
    }

    std::uint64_t limit = std::uint64_t{1} << 30U; // bytes
    [[nodiscard]] std::uint64_t size() const noexcept { return memory_.size; }
    // NOA_ARENA_*, as the next opener would find it.
    [[nodiscard]] std::uint32_t condition() const noexcept { return memory_.condition; }
    [[nodiscard]] bool is_open() const noexcept { return base_ != nullptr; }

private:
    struct Memory {
        sdk::Fd fd; // none: there is no memory
        std::uint64_t size = 0;
        std::uint64_t layout = 0;
        std::uint64_t epoch = 0;
        std::uint32_t condition = NOA_ARENA_FRESH;
        bool of_start = false; // written by a start that has not come to its end
    };

    static std::uint64_t whole_pages(std::uint64_t size) {
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        return (std::max<std::uint64_t>(size, 1) + page - 1) / page * page;
    }
    noa_status make(std::uint64_t size) {
        if (size > limit) {
            return NOA_E_TOO_LARGE;
        }
        if (!memory_.fd) {
            memory_.fd = sdk::Fd(::memfd_create("noa-arena", MFD_CLOEXEC));
        }
        const std::uint64_t whole = whole_pages(size);
        if (whole > memory_.size) {
            if (::ftruncate(memory_.fd.get(), static_cast<off_t>(whole)) != 0) {
                return NOA_E_FAILED;
            }
            memory_.size = whole;
        }
        return NOA_OK;
    }
    void* map() {
        const int protection = read_only_ ? PROT_READ : PROT_READ | PROT_WRITE;
        void* base = ::mmap(nullptr, memory_.size, protection, MAP_SHARED, memory_.fd.get(), 0);
        if (base == MAP_FAILED) {
            return nullptr;
        }
        mapped_.emplace_back(base, memory_.size);
        return base;
    }
    // Its addresses stay taken.
    void let_go() {
        if (base_ != nullptr) {
            constexpr int nobodys = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
            static_cast<void>(::mmap(base_, found_.size, PROT_NONE, nobodys, -1, 0));
        }
    }
    void written(std::uint64_t layout) {
        read_only_ = false;
        memory_.layout = layout;
        memory_.condition = NOA_ARENA_DIRTY;
        memory_.of_start = starting_;
    }

    Memory memory_;
    Memory former_; // discarded in a start that has not come to its end
    bool starting_ = false;
    void* base_ = nullptr; // null: not open
    bool read_only_ = false;
    std::uint64_t layout_ = 0;                            // that the opener gave
    noa_arena found_{};                                   // what open told
    std::vector<std::pair<void*, std::uint64_t>> mapped_; // ever
};

} // namespace noa::testing
