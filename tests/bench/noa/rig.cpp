#include "noa/rig.hpp"

#include <dlfcn.h>

#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "noa/host.h"

namespace noa::bench {

namespace {

using nlohmann::json;

bus::Lane& lane_of(noa_context context) {
    return *reinterpret_cast<bus::Lane*>(context);
}

noa_status resolve(noa_context context, noa_str agent, noa_address* ret_address) {
    auto* endpoint = lane_of(context).bus().routes().resolve(bus::view(agent));
    if (endpoint == nullptr) {
        return NOA_E_TOO_LARGE;
    }
    *ret_address = endpoint->address();
    return NOA_OK;
}

noa_status msg_alloc(noa_context context, std::uint64_t size, noa_buffer* ret_buffer) {
    return lane_of(context).buffers().alloc(size, *ret_buffer);
}

noa_status msg_free(noa_context context, const noa_buffer* buffer) {
    return lane_of(context).buffers().free(buffer->handle);
}

// Only what the bench's plugin calls.
constexpr noa_host host_table = [] {
    noa_host host{};
    host.struct_size = sizeof host;
    host.abi_minor = NOA_ABI_MINOR;
    host.version = "rig";
    host.resolve = resolve;
    host.msg_alloc = msg_alloc;
    host.msg_free = msg_free;
    host.send = [](noa_context context, const noa_outgoing* message, noa_receipt* receipt) {
        return lane_of(context).send(*message, receipt);
    };
    host.send_many = [](noa_context context, const noa_outgoing* messages, std::uint32_t stride,
                        std::uint32_t count, noa_receipt* receipt) {
        return lane_of(context).send_many(messages, stride, count, receipt);
    };
    host.request = [](noa_context context, const noa_outgoing* message, std::uint64_t tag,
                      noa_receipt* receipt) {
        return lane_of(context).request(*message, tag, receipt);
    };
    host.reply = [](noa_context context, noa_delivery delivery, const noa_outgoing* message) {
        return lane_of(context).reply(delivery, *message);
    };
    host.settle = [](noa_context context, noa_delivery delivery, noa_status status, noa_str text,
                     std::uint32_t retry_after_ms) {
        return lane_of(context).settle(delivery, status, bus::view(text), retry_after_ms);
    };
    return host;
}();

} // namespace

// Without a table it is the one that asks for this process.
class RigAgent : public bus::Handler {
public:
    using Answer = std::promise<Result<json>>;

    ~RigAgent() override {
        lane_->post([this] {
            lane_->detach();
            if (agent_ != nullptr) {
                table_->destroy(agent_);
            }
        });
        lane_->join();
    }

    static Result<std::unique_ptr<RigAgent>> open(bus::Bus& bus, const std::string& name,
                                                  const noa_plugin* table, const json& settings,
                                                  std::int64_t spin_ns, std::uint64_t owner) {
        auto agent = std::make_unique<RigAgent>();
        agent->table_ = table;
        auto* endpoint = bus.routes().resolve(name);
        if (auto opened = bus.open_inbox(*endpoint); !opened) {
            return tl::unexpected(opened.error());
        }
        bus::LaneOptions options;
        options.owner = owner;
        options.spin_ns = spin_ns;
        auto lane = bus::Lane::open(bus, *endpoint, options, name);
        if (!lane) {
            return tl::unexpected(lane.error());
        }
        agent->lane_ = std::move(*lane);
        std::promise<noa_status> begun;
        agent->lane_->post([&] { begun.set_value(agent->begin(settings.dump())); });
        if (const auto status = begun.get_future().get(); status != NOA_OK) {
            return fail(Errc::internal, "start an agent", name, std::to_string(status));
        }
        endpoint->inbox().set_state(bus::Inbox::State::open);
        return agent;
    }

    std::future<Result<json>> ask(const std::string& to, const std::string& operation,
                                  const json& order) {
        Answer answer;
        auto future = answer.get_future();
        std::uint64_t tag = 0;
        {
            const std::lock_guard lock(mutex_);
            tag = ++last_tag_;
            asked_.emplace(tag, std::move(answer));
        }
        const auto body = order.dump();
        noa_outgoing message{};
        message.struct_size = sizeof message;
        message.to_name = bus::to_str(to);
        message.subject = bus::to_str(operation);
        message.body = {body.data(), body.size()};
        if (const auto status = lane_->request(message, tag, nullptr); status != NOA_OK) {
            on_reply(tag, status, nullptr);
        }
        return future;
    }

    noa_status handle(const noa_message& message, noa_delivery delivery,
                      noa_error& error) noexcept override {
        return table_ != nullptr ? table_->handle(agent_, &message, delivery, &error)
                                 : NOA_E_UNSUPPORTED;
    }
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override {
        if (table_ != nullptr) {
            table_->on_reply(agent_, tag, status, message);
            return;
        }
        const std::lock_guard lock(mutex_);
        auto entry = asked_.extract(tag);
        if (status != NOA_OK) {
            entry.mapped().set_value(fail(status == NOA_E_BUSY ? Errc::busy : Errc::internal,
                                          "ask an agent", "rig", std::to_string(status)));
            return;
        }
        const std::string_view body(static_cast<const char*>(message->body.data),
                                    message->body.size);
        entry.mapped().set_value(json::parse(body.empty() ? "{}" : body, nullptr, false));
    }
    void on_wake(std::uint64_t /*tag*/) noexcept override {}
    void on_timer(std::uint64_t /*tag*/) noexcept override {}
    Result<std::string> inspect(std::string_view /*operation*/) noexcept override {
        return std::string("{}");
    }

private:
    noa_status begin(const std::string& settings) {
        if (table_ != nullptr) {
            noa_error error{};
            error.struct_size = sizeof error;
            const auto context = reinterpret_cast<noa_context>(lane_.get());
            auto status = table_->create(&host_table, context, &agent_, &error);
            if (status == NOA_OK) {
                status = table_->configure(agent_, bus::to_str(settings), 1, &error);
            }
            if (status == NOA_OK) {
                status = table_->start(agent_, &error);
            }
            if (status != NOA_OK) {
                return status;
            }
        }
        lane_->attach(*this);
        return NOA_OK;
    }

    const noa_plugin* table_ = nullptr;
    noa_agent* agent_ = nullptr;
    std::mutex mutex_;
    std::uint64_t last_tag_ = 0;                      // under mutex_
    std::unordered_map<std::uint64_t, Answer> asked_; // under mutex_
    std::unique_ptr<bus::Lane> lane_;                 // last: it uses everything above
};

Result<std::unique_ptr<Rig>> Rig::open(const std::string& plugin, std::chrono::nanoseconds spin) {
    auto rig = std::unique_ptr<Rig>(new Rig);
    // Left open: this process ends soon, and nothing unmaps code that a profiler must name.
    auto* library = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto entry = library != nullptr
                     ? reinterpret_cast<noa_plugin_entry>(::dlsym(library, NOA_PLUGIN_ENTRY_NAME))
                     : nullptr;
    if (entry == nullptr) {
        return fail(Errc::system, "load the bench's plugin", plugin, ::dlerror());
    }
    rig->table_ = entry();
    rig->spin_ns_ = spin.count();
    auto bus = bus::Bus::open({});
    if (!bus) {
        return tl::unexpected(bus.error());
    }
    rig->bus_ = std::move(*bus);
    auto asker = RigAgent::open(*rig->bus_, "asker", nullptr, json::object(), 0, 1);
    if (!asker) {
        return tl::unexpected(asker.error());
    }
    rig->agents_.push_back(std::move(*asker));
    return rig;
}

Rig::~Rig() = default;

Result<void> Rig::add(const std::string& name, const json& settings) {
    auto agent = RigAgent::open(*bus_, name, table_, settings, spin_ns_, agents_.size() + 1);
    if (!agent) {
        return tl::unexpected(agent.error());
    }
    agents_.push_back(std::move(*agent));
    return {};
}

Result<void> Rig::add_name(const std::string& name) {
    auto* endpoint = bus_->routes().resolve(name);
    return bus_->open_inbox(*endpoint);
}

std::future<Result<json>> Rig::ask(const std::string& agent, const std::string& operation,
                                   const json& order) {
    return agents_.front()->ask(agent, operation, order);
}

} // namespace noa::bench
