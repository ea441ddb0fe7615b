#include <fstream>

#include "base/clock.hpp"
#include "peers/connection.hpp"

#ifdef HAVE_MOSQUITTO
#include <mosquitto.h>
#endif

namespace noa::bench {

Result<Broker> start_mosquitto(const Context& context) {
    auto program = find_program("mosquitto");
    auto port = free_port();
    if (!program || !port) {
        return tl::unexpected(program ? port.error() : program.error());
    }
    const auto config = context.scratch / "mosquitto.conf";
    std::ofstream(config) << "listener " << *port << " 127.0.0.1\n"
                          << "allow_anonymous true\nset_tcp_nodelay true\npersistence false\n"
                          << "max_queued_messages 0\nlog_type error\n";
    Command command;
    command.argv = {program->string(), "-c", config.string()};
    command.output = context.scratch / "mosquitto.log";
    auto server = Child::spawn(command);
    if (!server) {
        return tl::unexpected(server.error());
    }
    if (auto listening = wait_tcp(*server, *port); !listening) {
        return tl::unexpected(listening.error());
    }
    return Broker{std::move(*server), std::to_string(*port)};
}

#ifdef HAVE_MOSQUITTO

namespace {

Failure mosquitto_failure(const char* attempt, int code) {
    return fail(Errc::system, attempt, "mosquitto", ::mosquitto_strerror(code));
}

// Without the library's thread: a publish writes at once, from the caller.
class MosquittoConnection : public Connection {
public:
    MosquittoConnection() { ::mosquitto_lib_init(); }
    MosquittoConnection(const MosquittoConnection&) = delete;
    MosquittoConnection& operator=(const MosquittoConnection&) = delete;
    ~MosquittoConnection() override {
        ::mosquitto_destroy(client_);
        ::mosquitto_lib_cleanup();
    }

    Result<void> open(const std::string& address) {
        client_ = ::mosquitto_new(nullptr, true, this);
        ::mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
        ::mosquitto_connect_callback_set(client_, on_step);
        ::mosquitto_subscribe_callback_set(client_, [](mosquitto*, void* self, int, int,
                                                       const int*) { on_step(nullptr, self, 0); });
        ::mosquitto_message_callback_set(client_,
                                         [](mosquitto*, void* self, const mosquitto_message*) {
                                             ++static_cast<MosquittoConnection*>(self)->received_;
                                         });
        const int code = ::mosquitto_connect(client_, "127.0.0.1", std::stoi(address), 60);
        return code == MOSQ_ERR_SUCCESS ? await_step("connect")
                                        : Result<void>(mosquitto_failure("connect", code));
    }

    Result<void> subscribe(const std::string& topic) override {
        const int code = ::mosquitto_subscribe(client_, nullptr, topic.c_str(), 0);
        return code == MOSQ_ERR_SUCCESS ? await_step("subscribe")
                                        : Result<void>(mosquitto_failure("subscribe", code));
    }

    Result<void> publish(const std::string& topic, unsigned count) override {
        for (unsigned i = 0; i < count; ++i) {
            const int code =
                ::mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(body_.size()),
                                    body_.data(), 0, false);
            if (code != MOSQ_ERR_SUCCESS) {
                return mosquitto_failure("publish", code);
            }
        }
        return {};
    }

    Result<unsigned> receive(std::chrono::milliseconds timeout) override {
        received_ = 0;
        const auto end = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
        do {
            const int code = ::mosquitto_loop(client_, static_cast<int>(timeout.count()), 100);
            if (code != MOSQ_ERR_SUCCESS) {
                return mosquitto_failure("receive", code);
            }
        } while (received_ == 0 && monotonic_ns() < end);
        return received_;
    }

private:
    static void on_step(mosquitto* /*client*/, void* self, int /*code*/) {
        static_cast<MosquittoConnection*>(self)->stepped_ = true;
    }

    Result<void> await_step(const char* attempt) {
        const auto end = monotonic_ns() + 10'000'000'000;
        stepped_ = false;
        while (!stepped_) {
            const int code = ::mosquitto_loop(client_, 1000, 1);
            if (code != MOSQ_ERR_SUCCESS || monotonic_ns() > end) {
                return mosquitto_failure(attempt, code);
            }
        }
        return {};
    }

    mosquitto* client_ = nullptr;
    bool stepped_ = false;
    unsigned received_ = 0;
    const std::string body_ = std::string(64, 'x');
};

} // namespace

Result<std::unique_ptr<Connection>> connect_mosquitto(const std::string& address) {
    auto connection = std::make_unique<MosquittoConnection>();
    if (auto opened = connection->open(address); !opened) {
        return tl::unexpected(opened.error());
    }
    return std::unique_ptr<Connection>(std::move(connection));
}

#else

Result<std::unique_ptr<Connection>> connect_mosquitto(const std::string& /*address*/) {
    return built_without("libmosquitto");
}

#endif

} // namespace noa::bench
