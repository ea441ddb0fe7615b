#include "link/lane_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "plugin/text.hpp"

namespace noa::link {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr int page_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

} // namespace

LanePage::~LanePage() {
    if (page_ != nullptr) {
        ::munmap(page_, page_bytes);
    }
}

Result<LanePage> LanePage::map(int fd) {
    void* memory = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return fail_errno("map the lane's page", "shared memory", errno);
    }
    LanePage page;
    page.page_ = static_cast<Page*>(memory);
    return page;
}

Result<std::pair<LanePage, UniqueFd>> LanePage::make() {
    UniqueFd fd(::memfd_create("noa-lane", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ::ftruncate(fd.get(), page_bytes) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, page_seals) != 0) {
        return fail_errno("make the lane's page", "shared memory", errno);
    }
    auto page = map(fd.get());
    if (!page) {
        return Failure(page.error());
    }
    return std::pair(std::move(*page), std::move(fd));
}

Result<LanePage> LanePage::open(int fd) {
    return map(fd);
}

void LanePage::begin(std::string_view what, std::int64_t now_ns, std::uint64_t delivery) noexcept {
    const auto size = std::min(what.size(), what_max - 1);
    std::memcpy(page_->what, what.data(), size);
    page_->what[size] = '\0';
    page_->delivery.store(delivery, std::memory_order_relaxed);
    page_->since_ns.store(now_ns, std::memory_order_release);
}

void LanePage::end() noexcept {
    page_->delivery.store(0, std::memory_order_relaxed);
    page_->since_ns.store(0, std::memory_order_release);
}

LanePage::Seen LanePage::look() const {
    Seen seen;
    seen.since_ns = page_->since_ns.load(std::memory_order_acquire);
    seen.delivery = page_->delivery.load(std::memory_order_relaxed);
    std::array<char, what_max> copy{};
    std::memcpy(copy.data(), page_->what, copy.size());
    seen.what = plugin::printable(plugin::bounded(copy.data(), copy.size()), what_max);
    return seen;
}

} // namespace noa::link
