#include "link.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

namespace cache::tier {

using namespace std::chrono_literals;

namespace {

constexpr unsigned most_failures = 3; // in a row; then the circuit is open
constexpr std::chrono::milliseconds first_back_off = 100ms;
constexpr std::chrono::milliseconds longest_back_off = 10s;
constexpr std::chrono::milliseconds listen_again = 500ms;
constexpr std::size_t overhead = 128; // of a command

// The server works, but not for us: loading, out of memory, a replica.
bool is_unfit(const Reply& reply) {
    constexpr std::array prefixes = {"LOADING", "OOM",    "READONLY",   "MASTERDOWN",
                                     "MISCONF", "NOAUTH", "CLUSTERDOWN"};
    return reply.is(Reply::Kind::error) && std::ranges::any_of(prefixes, [&](const char* prefix) {
               return reply.text.starts_with(prefix);
           });
}

} // namespace

noa::Status Link::start(const Options& options) {
    stop();
    options_ = options;
    wake_ = noa::sdk::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) {
        return noa::failed("tier: eventfd: " + std::system_category().message(errno));
    }
    stopping_ = false;
    away_ = circuit_open_ = posted_ = false;
    failures_ = 0;
    random_ = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) | 1U;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& failure) {
        return noa::failed(std::string("tier: start a thread: ") + failure.what());
    }
    return {};
}

void Link::stop() noexcept {
    if (thread_.joinable()) {
        stopping_ = true;
        static_cast<void>(::eventfd_write(wake_.get(), 1));
        thread_.join();
    }
    waiting_.clear();
    const std::lock_guard lock(mutex_);
    commands_.clear();
    news_.clear();
    bytes_ = 0;
}

void Link::send(std::vector<std::string> arguments, Done done) {
    std::size_t bytes = overhead;
    for (const std::string& argument : arguments) {
        bytes += argument.size();
    }
    const bool open = !away_ && waiting_.size() < most_waiting && thread_.joinable();
    if (!open || !enqueue({last_id_ + 1, std::move(arguments), bytes, Clock::now()})) {
        figures_.dropped.fetch_add(1, std::memory_order_relaxed);
        done({});
        return;
    }
    waiting_.emplace(++last_id_, std::move(done));
    figures_.requests.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(::eventfd_write(wake_.get(), 1));
}

bool Link::enqueue(Command command) {
    const std::lock_guard lock(mutex_);
    if (bytes_ + command.bytes > most_bytes) {
        return false;
    }
    bytes_ += command.bytes;
    commands_.push_back(std::move(command));
    return true;
}

void Link::deliver() {
    std::vector<News> news;
    {
        const std::lock_guard lock(mutex_);
        news.swap(news_);
        posted_ = false;
    }
    for (News& one : news) {
        switch (one.kind) {
        case News::Kind::answer:
            if (auto found = waiting_.extract(one.id)) {
                found.mapped()(one.reply);
            }
            break;
        case News::Kind::message: listener_.message(std::move(one.reply.text)); break;
        case News::Kind::away:
        case News::Kind::back:
            away_ = one.kind == News::Kind::away;
            why_ = std::move(one.reply.text);
            listener_.changed(away_, why_);
            break;
        }
    }
}

// The lane takes all there is; one call is enough for it.
void Link::tell(News news) {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
    if (!posted_) {
        posted_ = listener_.post([this] { deliver(); }).has_value();
    }
}

void Link::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "noa-cache-tier");
    sigset_t pipe_signal{}; // hiredis writes without MSG_NOSIGNAL
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    try {
        while (!stopping_) {
            turn();
        }
    } catch (const std::exception& failure) { // no memory
        tell({News::Kind::away, 0, {Reply::Kind::error, failure.what()}});
    }
    held_.clear();
    connection_.reset();
    channel_.reset();
    on_way_.clear();
    state_ = State::idle;
}

void Link::turn() {
    const auto now = Clock::now();
    take_commands();
    if (state_ == State::idle && now >= probe_at_) {
        connect(now);
    }
    listen(now);
    std::array<pollfd, 3> fds{pollfd{wake_.get(), POLLIN, 0}, pollfd{-1, 0, 0}, pollfd{-1, 0, 0}};
    if (connection_ && connection_->alive()) {
        fds[1] = {connection_->fd(), connection_->events(), 0};
    }
    if (channel_ && channel_->alive()) {
        fds[2] = {channel_->fd(), channel_->events(), 0};
    }
    ::poll(fds.data(), fds.size(), pause(now));
    if (fds[0].revents != 0) {
        eventfd_t ignored = 0;
        static_cast<void>(::eventfd_read(wake_.get(), &ignored));
    }
    if (fds[1].revents != 0) {
        connection_->ready(fds[1].revents);
    }
    if (fds[2].revents != 0) {
        channel_->ready(fds[2].revents);
    }
    const auto after = Clock::now();
    if (state_ != State::idle && connection_ && !connection_->alive()) {
        lost(connection_->fault().empty() ? "the connection was closed" : connection_->fault(),
             after);
    }
    check_deadlines(after);
}

int Link::pause(Clock::time_point now) const {
    auto until = now + 1h;
    if (state_ == State::idle) {
        until = std::min(until, probe_at_);
    }
    if (state_ == State::greeting) {
        until = std::min(until, greeting_since_ + options_.timeout);
    }
    if (!held_.empty()) {
        until = std::min(until, held_.front().since + options_.timeout);
    }
    if (!on_way_.empty()) {
        until = std::min(until, on_way_.begin()->second + options_.timeout);
    }
    if (state_ == State::ready && !(channel_ && channel_->alive())) {
        until = std::min(until, listen_at_);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void Link::take_commands() {
    std::deque<Command> taken;
    {
        const std::lock_guard lock(mutex_);
        taken.swap(commands_);
    }
    for (Command& command : taken) {
        if (circuit_open_) {
            answer(command, {});
        } else {
            held_.push_back(std::move(command));
        }
    }
    if (state_ == State::ready) {
        forward();
    }
}

void Link::connect(Clock::time_point now) {
    auto opened = Connection::open(options_.address);
    if (!opened) {
        lost(opened.error().text, now);
        return;
    }
    connection_ = std::move(*opened);
    state_ = State::greeting;
    greeting_since_ = now;
    greet();
}

// The last answer says how it went: the server answers in order.
void Link::greet() {
    auto refused = std::make_shared<std::string>(); // owners: the greeting's answers
    const auto note = [refused](const Reply& reply) {
        if (reply.is(Reply::Kind::error) && refused->empty()) {
            *refused = reply.text;
        }
    };
    if (!options_.password.empty()) {
        connection_->send({"AUTH", options_.password}, note);
    }
    if (options_.address.database != 0) {
        connection_->send({"SELECT", std::to_string(options_.address.database)}, note);
    }
    connection_->send({"PING"}, [this, refused](Reply reply) {
        if (!refused->empty()) {
            reply = {Reply::Kind::error, *refused};
        }
        greeted(reply);
    });
}

void Link::greeted(const Reply& reply) {
    if (reply.is(Reply::Kind::lost)) {
        return; // `turn` sees that the connection is gone
    }
    if (reply.is(Reply::Kind::error)) {
        greeting_since_ = Clock::time_point(); // over its time: see check_deadlines
        why_refused_ = reply.text;
        return;
    }
    state_ = State::ready;
    back_off_ = {};
    if (std::exchange(circuit_open_, false)) {
        failures_ = 0;
        tell({News::Kind::back});
    }
    listen_at_ = {};
    forward();
}

void Link::forward() {
    while (!held_.empty() && connection_ && connection_->alive()) {
        Command command = std::move(held_.front());
        held_.pop_front();
        on_way_.emplace(command.id, command.since);
        const std::vector<std::string> arguments = std::move(command.arguments);
        command.arguments.clear();
        connection_->send(arguments, [this, command = std::move(command)](Reply reply) {
            on_way_.erase(command.id);
            if (is_unfit(reply)) {
                why_refused_ = reply.text;
                ++failures_;
            } else if (!reply.is(Reply::Kind::lost)) {
                failures_ = 0;
            }
            answer(command, std::move(reply));
        });
    }
}

void Link::answer(const Command& command, Reply reply) {
    const bool failed = reply.is(Reply::Kind::lost) || is_unfit(reply);
    figures_.failed.fetch_add(failed ? 1 : 0, std::memory_order_relaxed);
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - command.since);
    figures_.microseconds.fetch_add(static_cast<std::uint64_t>(took.count()),
                                    std::memory_order_relaxed);
    if (failed) {
        reply = {};
    }
    {
        const std::lock_guard lock(mutex_);
        bytes_ -= std::min(bytes_, command.bytes);
    }
    tell({News::Kind::answer, command.id, std::move(reply)});
}

void Link::check_deadlines(Clock::time_point now) {
    const auto late = [&](Clock::time_point since) { return now - since >= options_.timeout; };
    if (state_ == State::greeting && late(greeting_since_)) {
        lost(why_refused_.empty() ? "no answer in time" : why_refused_, now);
    } else if (state_ == State::ready && !on_way_.empty() && late(on_way_.begin()->second)) {
        lost("no answer in time", now);
    } else if (state_ == State::ready && failures_ >= most_failures) {
        lost(why_refused_, now);
    }
    while (!held_.empty() && late(held_.front().since)) {
        answer(held_.front(), {});
        held_.pop_front();
    }
}

// What was on its way has no answer; what was not sent yet waits for the next connection, unless
// there have been too many.
void Link::lost(std::string why, Clock::time_point now) {
    state_ = State::idle;
    connection_.reset();
    why_refused_.clear();
    ++failures_;
    if (!circuit_open_ && failures_ < most_failures) {
        probe_at_ = now;
        return;
    }
    back_off_ = std::clamp(back_off_ * 2, first_back_off, longest_back_off);
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const auto jitter = static_cast<std::int64_t>((random_ >> 33U) % 1000);
    probe_at_ = now + back_off_ / 2 + back_off_ * jitter / 2000;
    if (!std::exchange(circuit_open_, true)) {
        tell({News::Kind::away, 0, {Reply::Kind::error, std::move(why)}});
    }
    for (; !held_.empty(); held_.pop_front()) {
        answer(held_.front(), {});
    }
}

// A connection of its own for the channel; a message that is missed costs a waiter its patience,
// nothing more.
void Link::listen(Clock::time_point now) {
    if (state_ != State::ready || (channel_ && channel_->alive()) || now < listen_at_) {
        return;
    }
    listen_at_ = now + listen_again;
    auto opened = Connection::open(options_.address);
    if (!opened) {
        return;
    }
    channel_ = std::move(*opened);
    if (!options_.password.empty()) {
        channel_->send({"AUTH", options_.password}, [](const Reply&) {});
    }
    channel_->subscribe(options_.channel, [this](std::string message) {
        tell({News::Kind::message, 0, {Reply::Kind::text, std::move(message)}});
    });
}

} // namespace cache::tier
