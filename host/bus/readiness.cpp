#include "bus/readiness.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "noa/ext/listener.h"

namespace noa::bus {

namespace {

constexpr std::uint32_t known_events = NOA_READY_READ | NOA_READY_WRITE | NOA_READY_CLOSED;
constexpr std::uint64_t bell_key = ~std::uint64_t{0}; // of no descriptor
constexpr int at_a_time = 64;

std::uint64_t key_of(int fd, std::uint32_t serial) noexcept {
    return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd);
}

std::uint32_t to_epoll(std::uint32_t events) noexcept {
    return ((events & NOA_READY_READ) != 0 ? std::uint32_t{EPOLLIN} : 0) |
           ((events & NOA_READY_WRITE) != 0 ? std::uint32_t{EPOLLOUT} : 0) | EPOLLONESHOT;
}

std::uint32_t from_epoll(std::uint32_t events) noexcept {
    return ((events & EPOLLIN) != 0 ? NOA_READY_READ : 0) |
           ((events & EPOLLOUT) != 0 ? NOA_READY_WRITE : 0) |
           ((events & (EPOLLHUP | EPOLLERR)) != 0 ? NOA_READY_CLOSED : 0);
}

// Armed already, fired before, or new: only the kernel knows for sure.
int arm(int epoll, int fd, epoll_event& event) noexcept {
    if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) {
        return 0;
    }
    return errno == ENOENT && ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

noa_status status_of(int error_number) noexcept {
    switch (error_number) {
    case EBADF:
    case EPERM: // a file, which is always ready
    case EINVAL:
    case ELOOP: return NOA_E_INVALID;
    default: return NOA_E_FAILED;
    }
}

} // namespace

Result<void> Readiness::start() {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = bell_key;
    if (!epoll || !bell || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.get(), &event) != 0) {
        return fail_errno("start thread", "noa-io", errno);
    }
    epoll_ = std::move(epoll);
    bell_ = std::move(bell);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        epoll_.reset();
        bell_.reset();
        return fail(Errc::system, "start thread", "noa-io", error.what());
    }
    pthread_setname_np(thread_.native_handle(), "noa-io");
    return {};
}

void Readiness::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    if (thread_.joinable()) {
        static_cast<void>(::eventfd_write(bell_.get(), 1));
        thread_.join();
    }
}

noa_status Readiness::watch(Watcher& watcher, int fd, std::uint32_t events, std::uint64_t tag) {
    if (fd < 0 || events == 0 || (events & ~known_events) != 0) {
        return NOA_E_INVALID;
    }
    const std::lock_guard lock(mutex_);
    const bool is_new = find(watcher, fd) == nullptr;
    if (is_new && watcher.watches_ >= max_watches) {
        return NOA_E_TOO_LARGE;
    }
    if (stopping_ || (!thread_.joinable() && !start())) {
        return NOA_E_FAILED;
    }
    epoll_event event{};
    event.events = to_epoll(events);
    event.data.u64 = key_of(fd, ++last_serial_);
    if (const int error = arm(epoll_.get(), fd, event); error != 0) {
        return status_of(error);
    }
    const auto index = static_cast<std::size_t>(fd);
    if (index >= watches_.size()) {
        watches_.resize(index + 1);
    }
    end(fd); // the former one's, whoever it was: the number is somebody else's now
    Watch& made = watches_[index];
    made.watcher = &watcher;
    made.tag = tag;
    made.serial = last_serial_;
    ++watcher.watches_;
    return NOA_OK;
}

noa_status Readiness::unwatch(Watcher& watcher, int fd) {
    const std::lock_guard lock(mutex_);
    if (find(watcher, fd) == nullptr) {
        return NOA_E_NOT_FOUND;
    }
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    end(fd);
    return NOA_OK;
}

std::optional<Readiness::Ready> Readiness::next(Watcher& watcher) {
    const std::lock_guard lock(mutex_);
    const int fd = watcher.first_ready_;
    if (fd == none) {
        return std::nullopt;
    }
    const Watch& watch = watches_[static_cast<std::size_t>(fd)];
    const Ready ready{watch.tag, watch.events};
    end(fd);
    return ready;
}

void Readiness::drop_all(Watcher& watcher) {
    const std::lock_guard lock(mutex_);
    for (int fd = 0; watcher.watches_ > 0; ++fd) {
        if (find(watcher, fd) != nullptr) {
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
            end(fd);
        }
    }
}

std::size_t Readiness::watches_of(const Watcher& watcher) const {
    const std::lock_guard lock(mutex_);
    return watcher.watches_;
}

Readiness::Watch* Readiness::find(const Watcher& watcher, int fd) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    return fd >= 0 && index < watches_.size() && watches_[index].watcher == &watcher
               ? &watches_[index]
               : nullptr;
}

void Readiness::end(int fd) noexcept {
    Watch& watch = watches_[static_cast<std::size_t>(fd)];
    if (watch.watcher == nullptr) {
        return;
    }
    if (watch.ready) {
        unlink(fd);
    }
    --watch.watcher->watches_;
    watch = Watch{};
}

void Readiness::append(int fd) noexcept {
    Watch& watch = watches_[static_cast<std::size_t>(fd)];
    Watcher& watcher = *watch.watcher;
    watch.before = watcher.last_ready_;
    (watch.before == none ? watcher.first_ready_
                          : watches_[static_cast<std::size_t>(watch.before)].after) = fd;
    watcher.last_ready_ = fd;
}

void Readiness::unlink(int fd) noexcept {
    const Watch& watch = watches_[static_cast<std::size_t>(fd)];
    Watcher& watcher = *watch.watcher;
    (watch.before == none ? watcher.first_ready_
                          : watches_[static_cast<std::size_t>(watch.before)].after) = watch.after;
    (watch.after == none ? watcher.last_ready_
                         : watches_[static_cast<std::size_t>(watch.after)].before) = watch.before;
}

void Readiness::fire(std::uint64_t key, std::uint32_t events) noexcept {
    const auto index = static_cast<std::size_t>(key & 0xffff'ffffU);
    if (index >= watches_.size()) {
        return;
    }
    Watch& watch = watches_[index];
    if (watch.watcher == nullptr || watch.ready ||
        watch.serial != static_cast<std::uint32_t>(key >> 32)) {
        return;
    }
    watch.ready = true;
    watch.events = events;
    const bool is_first = watch.watcher->first_ready_ == none;
    append(static_cast<int>(index));
    if (is_first) {
        watch.watcher->has_ready();
    }
}

void Readiness::run() {
    std::array<epoll_event, at_a_time> events{};
    while (true) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), at_a_time, -1);
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return;
        }
        for (int i = 0; i < count; ++i) {
            fire(events.at(static_cast<std::size_t>(i)).data.u64,
                 from_epoll(events.at(static_cast<std::size_t>(i)).events));
        }
    }
}

} // namespace noa::bus
