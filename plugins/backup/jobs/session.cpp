#include "session.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "../archive/unique_fd.hpp"
#include "../repository/system_error.hpp"

namespace backup {

noa::sdk::Result<Repository::Ptr> make_repository(const RepositorySettings& settings) {
    auto store = LocalStore::create_new(settings.path);
    if (!store) {
        return store.error();
    }
    return Repository::create(*std::move(store), settings.password, Origin::of_this_process());
}

noa::sdk::Result<std::unique_ptr<Session>> Session::open(const RepositorySettings& settings,
                                                         Lock::Kind kind, bool create) {
    std::unique_ptr<Session> session(new Session);
    auto store = LocalStore::open(settings.path);
    if (!store && store.error().status == NOA_E_NOT_FOUND && create) {
        auto made = make_repository(settings);
        if (!made) {
            return made.error();
        }
        session->repository_ = *std::move(made);
    } else if (!store) {
        return store.error();
    } else {
        auto opened = Repository::open(*std::move(store), settings.password);
        if (!opened) {
            return opened.error();
        }
        session->repository_ = *std::move(opened);
    }
    auto lock = Lock::acquire(*session->repository_, kind, Origin::of_this_process());
    if (!lock) {
        return lock.error();
    }
    session->lock_ = *std::move(lock);
    if (kind == Lock::Kind::exclusive) {
        static_cast<LocalStore&>(session->repository_->store()).sweep();
    }
    if (noa::sdk::Status loaded = session->repository_->load_index(); !loaded) {
        return loaded.error();
    }
    Session* place = session.get();
    session->keeper_ =
        std::jthread([place](const std::stop_token& stop) { place->keep_locked(stop); });
    return session;
}

void Session::keep_locked(const std::stop_token& stop) {
    std::unique_lock waiting(mutex_);
    while (!stop.stop_requested()) {
        wake_.wait_for(waiting, stop, std::chrono::minutes(1), [] { return false; });
        if (!stop.stop_requested()) {
            // One that fails is tried again in a minute; it counts for half an hour.
            static_cast<void>(lock_->refresh());
        }
    }
}

Session::~Session() {
    if (keeper_.joinable()) {
        keeper_.request_stop();
        keeper_.join();
    }
    lock_.reset(); // before what it is in
}

noa::sdk::Result<std::string> read_password(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) {
        return system_error("read", path);
    }
    if (!S_ISREG(found.st_mode) || (found.st_mode & 077U) != 0) {
        return noa::sdk::denied(path + ": others than its owner may read it");
    }
    std::array<char, 1024> text{};
    const ssize_t size = ::read(fd.get(), text.data(), text.size());
    const std::string_view all(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    std::string password(all.substr(0, all.find('\n')));
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return password.empty()
               ? noa::sdk::Result<std::string>(noa::sdk::invalid(path + ": it is empty"))
               : password;
}

} // namespace backup
