#include "supervise/service_task.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/listen_address.hpp"

namespace noa::supervise {

namespace {

std::string errno_text(int error_number) {
    return std::generic_category().message(error_number);
}

} // namespace

ServiceTask ServiceTask::run(const std::vector<std::string>& arguments, std::int64_t deadline_ns,
                             Command::Rest rest) {
    ServiceTask task(deadline_ns, rest);
    auto command = Command::start(arguments);
    if (command) {
        task.command_.emplace(std::move(*command));
    } else {
        task.at_once_ = TaskEnd{false, command.error().object + ": " + command.error().reason};
    }
    return task;
}

ServiceTask ServiceTask::connect(const std::string& address, std::int64_t deadline_ns) {
    ServiceTask task(deadline_ns, Command::Rest::killed);
    const auto where = ListenAddress::parse(address);
    if (!where) { // the configuration was checked
        task.at_once_ = TaskEnd{false, where.error().reason};
        return task;
    }
    task.connection_ =
        UniqueFd(::socket(where->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (task.connection_ &&
        ::connect(task.connection_.get(), where->address(), where->size()) == 0) {
        task.at_once_ = TaskEnd{true, ""};
    } else if (errno != EINPROGRESS) { // a unix socket whose queue is full says EAGAIN
        task.at_once_ = TaskEnd{false, errno_text(errno)};
    }
    return task;
}

ServiceTask ServiceTask::failed(std::string text) {
    ServiceTask task(0, Command::Rest::killed);
    task.at_once_ = TaskEnd{false, std::move(text)};
    return task;
}

void ServiceTask::add_to(std::vector<pollfd>& polled) const {
    const auto add = [&](int fd, short events) {
        if (fd >= 0) {
            polled.push_back({fd, events, 0});
        }
    };
    if (command_) {
        add(command_->output_fd(), POLLIN);
        add(command_->end_fd(), POLLIN);
    }
    add(connection_.get(), POLLOUT);
}

std::optional<TaskEnd> ServiceTask::look(std::int64_t now_ns) {
    if (at_once_) {
        return at_once_;
    }
    if (auto end = command_ ? look_at_command() : look_at_connection()) {
        return end;
    }
    if (now_ns < deadline_ns_) {
        return std::nullopt;
    }
    if (command_) {
        command_->kill();
    }
    connection_.reset();
    return TaskEnd{false, "it did not end in time"};
}

std::optional<TaskEnd> ServiceTask::look_at_command() {
    command_->read_output();
    const auto end = command_->reap(rest_);
    if (!end) {
        return std::nullopt;
    }
    command_.reset();
    return TaskEnd{end->good(), end->good() ? "" : end->text()};
}

std::optional<TaskEnd> ServiceTask::look_at_connection() const {
    pollfd ready{connection_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1) {
        return std::nullopt;
    }
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(connection_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
    return TaskEnd{error_number == 0, error_number == 0 ? "" : errno_text(error_number)};
}

bool ServiceTask::lingers() {
    if (command_ && command_->reap(Command::Rest::killed)) {
        command_.reset();
    }
    return command_.has_value();
}

} // namespace noa::supervise
