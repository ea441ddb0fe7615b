// What an agent is made of, told once, in its `setup`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk/dispatch.hpp"
#include "noa/sdk/generation.hpp"

namespace noa::sdk {

// What `describe` tells of an event that the agent publishes.
struct EventInfo {
    std::string_view summary;
    std::string_view body = {}; // JSON Schema draft-07
};

template <class F, class T>
concept Reading = std::is_invocable_r_v<T, F&>;

class Setup {
public:
    explicit Setup(Generation& generation) : generation_(&generation) {}

    // An operation that this agent answers; noa/sdk/dispatch.hpp says what a handler may look
    // like. It runs on the lane and must not block: answer later through a Responder.
    template <class F>
    void operation(std::string_view name, OperationInfo info, F handler) {
        std::string request =
            info.request.empty() ? request_schema_of<F>() : std::string(info.request);
        std::string reply = info.reply.empty() ? reply_schema_of<F>() : std::string(info.reply);
        if (!generation_->operations.add({std::string(name), std::string(info.summary),
                                          std::move(request), std::move(reply),
                                          make_dispatcher(std::move(handler))})) {
            fail("operation " + std::string(name) + " is registered twice");
        }
    }
    template <class F>
    void operation(std::string_view name, std::string_view summary, F handler) {
        operation(name, OperationInfo{.summary = summary}, std::move(handler));
    }
    template <class F>
    void operation(std::string_view name, F handler) {
        operation(name, OperationInfo{}, std::move(handler));
    }

    // Events of others: "*" stands for one token, a last ">" for one or more. The handler
    // takes (const Event&) or a T with a Codec, and then (const Event&); it returns nothing
    // or a Status. A Status that is an error counts as a failed delivery.
    template <class F>
    void subscribe(std::string_view pattern, F handler) {
        if (const noa_status status =
                generation_->host.table().subscribe(generation_->host.context(), to_str(pattern));
            status != NOA_OK) {
            fail(to_status(status, "subscribe to " + std::string(pattern)).error().text);
            return;
        }
        generation_->subscriptions.add(std::string(pattern), event_handler(std::move(handler)));
    }

    // Every period while the agent runs; armed after `start`, gone at `quiesce`.
    void every(Duration period, Function<void()> run) {
        generation_->periodics.push_back({period, std::move(run)});
    }

    // Publishes heartbeat.beat.NAME at the start and every period, for the heartbeat agent.
    void beat(Duration period) {
        generation_->beat = period;
        every(period, [generation = generation_] { publish_beat(*generation); });
    }

    // `decode`d settings, checked against the plugin's schema by the host. `check` says whether
    // they are usable and changes nothing; `take` makes them count.
    template <class S, class Check, class Take>
    void settings(Check check, Take take) {
        generation_->settings = [check = std::move(check), take = std::move(take)](
                                    std::string_view text, bool commit) mutable -> Status {
            Result<S> settings = Codec<S>::decode(text, Extra::refused);
            if (!settings) {
                return std::move(settings).error();
            }
            Status usable = check(std::as_const(*settings));
            if (usable && commit) {
                take(std::move(*settings));
            }
            return usable;
        };
    }
    template <class S, class Take>
    void settings(Take take) {
        settings<S>([](const S&) { return Status(); }, std::move(take));
    }

    // As `settings`, of which it needs one besides, for an agent at work; with
    // PluginInfo::live_settings. `can_take` says by a bool or a Status whether this generation can
    // change over to them where it stands; otherwise the host makes a new one. `take` does it,
    // between two messages, and cannot fail.
    template <class S, class CanTake, class Take>
    void live_settings(CanTake can_take, Take take) {
        if (!generation_->info.live_settings) {
            fail("live_settings needs PluginInfo::live_settings");
        }
        generation_->live_settings = [can_take = std::move(can_take), take = std::move(take)](
                                         std::string_view text, bool commit) mutable -> Status {
            Result<S> settings = Codec<S>::decode(text, Extra::refused);
            if (!settings) {
                return std::move(settings).error();
            }
            Status takes = agreed(can_take(std::as_const(*settings)));
            if (takes && commit) {
                take(std::move(*settings));
            }
            return takes;
        };
    }

    // What an optional header brings, a member of the agent: noa::Sockets for example.
    void use(Part& part) {
        if (Status attached = part.attach(*generation_); !attached) {
            fail(std::move(attached).error().text);
        }
        generation_->parts.push_back(&part);
    }

    // A figure that only rises: a Counter of the agent, or what a function counts. Names as
    // Prometheus has them: [a-z_][a-z0-9_]*, counters end in _total.
    void counter(std::string_view name, std::string_view help, const Counter& counter) {
        this->counter(name, help, [&counter] { return counter.value(); });
    }
    template <Reading<std::uint64_t> F>
    void counter(std::string_view name, std::string_view help, F read) {
        generation_->metrics.counter(std::string(name), std::string(help), std::move(read));
    }
    // A figure that rises and falls: a Gauge of the agent, or what a function measures on the
    // lane when somebody asks.
    void gauge(std::string_view name, std::string_view help, const Gauge& gauge) {
        this->gauge(name, help, [&gauge] { return gauge.value(); });
    }
    template <Reading<double> F>
    void gauge(std::string_view name, std::string_view help, F read) {
        generation_->metrics.gauge(
            std::string(name), std::string(help),
            [read = std::move(read)]() mutable { return static_cast<double>(read()); });
    }
    // A figure with labels, told anew on the lane when somebody asks:
    //     setup.counters("posts_total", "Posts by endpoint", [this](noa::Series& series) {
    //         for (const auto& [name, posts] : posts_) series.add({{"endpoint", name}}, posts);
    //     });
    // Label names are like those of figures. At most Series::most of them.
    void counters(std::string_view name, std::string_view help, Function<void(Series&)> tell) {
        generation_->metrics.series(std::string(name), "counter", std::string(help),
                                    std::move(tell));
    }
    void gauges(std::string_view name, std::string_view help, Function<void(Series&)> tell) {
        generation_->metrics.series(std::string(name), "gauge", std::string(help), std::move(tell));
    }
    // How many values were how large: a Histogram of the agent. The unit is in the name:
    // "_seconds".
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
        generation_->metrics.histogram(std::string(name), std::string(help), histogram);
    }

    void health(std::string_view name, Weight weight, Function<Health()> check) {
        generation_->checks.add(std::string(name), weight, std::move(check));
    }
    // What others may look for: "kv.store".
    void capability(std::string_view name) { generation_->capabilities.emplace_back(name); }
    // An event that this agent publishes, for `describe`.
    void event(std::string_view subject, EventInfo info) {
        generation_->events.push_back(
            {std::string(subject), std::string(info.summary), std::string(info.body)});
    }
    // Background work: how much at a time, how much waiting, how long.
    void tasks(TaskLimits limits) { generation_->tasks.limit(limits); }

    // The first thing that went wrong; create fails with it.
    void fail(std::string text) {
        if (!failure_) {
            failure_ = invalid(std::move(text));
        }
    }
    [[nodiscard]] Status outcome() const { return failure_ ? Status(*failure_) : Status(); }

    static void publish_beat(Generation& generation) {
        std::string body;
        {
            JsonObject beat(body);
            beat.add("interval_s", std::chrono::duration<double>(generation.beat).count());
        }
        const std::string subject = "heartbeat.beat." + std::string(generation.name);
        if (const auto sent = generation.host.publish(subject, Body(body, json_content_type));
            !sent) {
            generation.host.log(Level::warning, "beat.refused", sent.error().text);
        }
    }

private:
    static Status agreed(Status answer) { return answer; }
    static Status agreed(bool answer) {
        return answer ? Status() : Error{NOA_E_UNSUPPORTED, "they need a new generation"};
    }

    template <class F>
    static Function<Status(const Event&)> event_handler(F handler) {
        return [handler = std::move(handler)](const Event& event) mutable -> Status {
            if constexpr (std::is_invocable_v<F&, const Event&>) {
                return run_event(handler, event);
            } else {
                using T = typename Parameters<F>::First;
                static_assert(Decodable<T>, "takes (const Event&), or a type with a Codec");
                const Result<T> value = Codec<T>::decode(event.body(), Extra::ignored);
                if (!value) {
                    return value.error();
                }
                if constexpr (std::is_invocable_v<F&, const T&, const Event&>) {
                    return run_event(handler, *value, event);
                } else {
                    return run_event(handler, *value);
                }
            }
        };
    }
    template <class F, class... Args>
    static Status run_event(F& handler, const Args&... args) {
        if constexpr (std::is_void_v<std::invoke_result_t<F&, const Args&...>>) {
            handler(args...);
            return {};
        } else {
            return handler(args...);
        }
    }

    Generation* generation_;
    std::optional<Error> failure_;
};

} // namespace noa::sdk
