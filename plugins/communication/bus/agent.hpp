// The agent: messages taken from the bus, committed together, delivered, accounted for.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../content/shapes.hpp"
#include "../delivery/deliveries.hpp"
#include "../delivery/seen.hpp"
#include "../delivery/traced.hpp"
#include "../store/reader.hpp"
#include "../store/store.hpp"
#include "../store/streams.hpp"
#include "../store/tasks.hpp"
#include "../webhooks/poster.hpp"
#include "conversation_requests.hpp"
#include "messages.hpp"
#include "noa/sdk/backup.hpp"
#include "noa/sdk/worker.hpp"
#include "send_request.hpp"
#include "settings.hpp"
#include "settings_schema.hpp"
#include "stream_requests.hpp"
#include "task_requests.hpp"

namespace communication {

class Communication final : public noa::Agent, public Port {
public:
    static constexpr noa::PluginInfo info{
        .id = "communication",
        .version = "1.0.0",
        .description = "Messages that arrive, or of which one learns why they did not",
        .settings_schema = settings_schema,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    void confirm() override;

private:
    using Body = noa::Result<noa::OwnedBody>;

    // Who is answered once a batch is on the disk, and what.
    struct Answer {
        noa::Responder responder;
        std::string text;
    };
    // Who is answered with what came of a step.
    struct Later {
        noa::Responder responder;
        noa::sdk::Function<void(noa::Responder)> told;
    };
    struct Group {
        Batch batch;
        std::vector<SeenKey> keys; // of what was accepted
        std::vector<Answer> answers;
        std::vector<noa::Json> given_up; // told of once it is written down
        std::vector<Later> later;        // of each step that somebody asked for
        Stored<> outcome;
        [[nodiscard]] bool empty() const { return batch.empty() && answers.empty(); }
    };
    // Who waits for what becomes of a message.
    struct Waiter {
        noa::Responder responder;
        std::string id;
        std::uint32_t attempts; // that it knows of
        noa::TimerId timer = 0;
    };
    // What one sender hands over, in one message of the bus.
    struct Sender {
        std::string name;
        std::string cause;
        std::string traceparent;
        std::uint8_t hops;
        bool redelivered;
    };
    struct Taken {
        std::string id;
        bool duplicate = false;
    };

    // agent.cpp
    void set_up_metrics(noa::Setup& setup);
    noa::Status open(const std::string& directory);
    noa::Status open_workers(const std::string& path, Store store);
    void recover(Loaded loaded);
    void take_done();
    void give_memory_back();
    [[nodiscard]] noa::Health health() const;
    [[nodiscard]] std::string id_of(const Message& message) const;
    // "#" and its seq where it is the store's name for a message, else itself.
    [[nodiscard]] std::string stored_id(const std::string& id) const;

    // sends.cpp
    void set_up_sends(noa::Setup& setup);
    void send(const noa::sdk::Message& request, noa::Responder responder);
    void send_many(const noa::sdk::Message& request, noa::Responder responder);
    noa::Status keep_into(const noa::sdk::Message& request, noa::KeptMessage& ret_kept);
    void take_many(std::vector<noa::Result<SendRequest>>& all, const Sender& sender,
                   noa::Responder responder);
    // Answers when it is on the disk.
    void accept(SendRequest& wanted, const Sender& sender, noa::Responder responder);
    noa::Result<Sender> sender_of(const noa::sdk::Message& request);
    // Staged for the next commit.
    noa::Result<std::vector<Taken>> take(SendRequest& request, const Sender& sender,
                                         std::size_t number);
    noa::Result<Taken> take_one(SendRequest& request, const Sender& sender, std::size_t number);
    // Flags it, or refuses it.
    noa::Status within_rules(SendRequest& request);
    void check_content(const CheckRequest& request, noa::Responder responder);
    noa::Status within_limits(const SendRequest& request, const Sender& sender);
    noa::Status within_rates(const SendRequest& request, const Sender& sender);

    // shapes.cpp
    void set_up_shapes(noa::Setup& setup);
    [[nodiscard]] bool goes_by_shape(const Terms& terms) const;
    // Of whom it is to be asked what they take, before it is taken.
    void add_unknown(const SendRequest& request, std::set<std::string>& ret_all) const;
    // Runs `then` when all of them have answered, or will not.
    void ask_first(std::set<std::string> agents, noa::sdk::Function<void()> then);
    void learned(const std::string& agent, const noa::Json& description);
    noa::Status within_shape(SendRequest& request);

    // hooks.cpp
    void set_up_hooks(noa::Setup& setup);
    void receive(const ReceiveRequest& posted, const noa::Request& request,
                 noa::Responder responder);
    noa::Status verified(const ReceiveRequest& posted, SendRequest& ret_wanted) const;

    // commits.cpp
    void flush();
    void submit(std::unique_ptr<Group> group);
    void finish(Group& group);
    void give_up(Group& group);
    void forget_old();

    // attempts.cpp: Port
    void attempt(Message& message) override;
    void write_down(Attempt attempt) override;
    void write_down(Settlement settlement, const Message& message) override;
    void tick_at(noa::Time time) override;
    [[nodiscard]] noa::Time now() const override { return noa::Agent::now(); }
    [[nodiscard]] Millis wall() const override;
    [[nodiscard]] double fraction() override { return jitter_.next(); }
    void read_body(const Message& message);
    void hand_over(Message& message);
    void post_webhook(const Message& message, std::string body);
    Body webhooks();
    void ended(Seq seq, std::uint64_t turn, const Outcome& outcome);
    [[nodiscard]] std::string enveloped(const Message& message) const;
    [[nodiscard]] std::string trace_of(const Message& message);
    [[nodiscard]] std::uint8_t hops_of(std::string_view traceparent) const;
    // Begins what may begin, but not in the course of a message: what is sent then counts as
    // its consequence.
    void pump_soon();
    void look_at_clock();

    // records.cpp
    void set_up_records(noa::Setup& setup);
    void show(const IdRequest& request, noa::Responder responder);
    void list(const ListRequest& request, noa::Responder responder);
    void replay(const DeadRequest& request, noa::Responder responder);
    void expire(const DeadRequest& request, noa::Responder responder);
    void cancel_one(const IdRequest& request, noa::Responder responder);
    [[nodiscard]] noa::Json shown(const Record& record) const;
    noa::Result<DeadQuery> dead_query(const DeadRequest& request) const;
    // `work(owned)` on its thread; what came of it goes to `done` on the lane, an error to the
    // asker.
    template <class T, class O, class W, class D>
    void look(O& worker, W work, noa::Responder responder, D done) {
        auto result = std::make_unique<std::optional<Stored<T>>>();
        auto* place = result.get();
        worker.run(
            [place, work = std::move(work)](auto& owned) mutable { place->emplace(work(owned)); },
            [result = std::move(result), responder = std::move(responder),
             done = std::move(done)]() mutable {
                if (**result) {
                    done(*std::move(**result), std::move(responder));
                } else {
                    responder.fail((*result)->error().failure());
                }
            });
    }

    // waits.cpp
    void wait(const WaitRequest& request, noa::Responder responder);
    void wait_for(Seq seq, const WaitRequest& request, noa::Responder responder);
    void wake_waiters(const Settlement& settlement);

    // tasks.cpp
    void set_up_tasks(noa::Setup& setup);
    void submit_task(const SubmitRequest& request, const noa::Request& message,
                     noa::Responder responder);
    void take_task(TakeRequest request, const std::string& worker, noa::Responder responder);
    void retake();
    void end_task(const EndRequest& request, TaskEnd end, noa::Responder responder);
    void list_tasks(const TaskListRequest& request, noa::Responder responder);
    void sweep_tasks();

    // conversations.cpp
    void set_up_conversations(noa::Setup& setup);
    void set_conversation(const ConversationSetRequest& request, noa::Responder responder);
    void list_conversations(const ConversationListRequest& request, noa::Responder responder);
    void show_history(const HistoryRequest& request, noa::Responder responder);
    void search(const SearchRequest& request, noa::Responder responder);
    void archive_idle();

    // streams.cpp, consumers.cpp
    void set_up_streams(noa::Setup& setup);
    void set_up_consumers(noa::Setup& setup);
    void append(const AppendRequest& request, const noa::Request& message,
                noa::Responder responder);
    void set_stream(const StreamRequest& request, noa::Responder responder);
    void list_streams(const StreamListRequest& request, noa::Responder responder);
    void read_stream(const StreamReadRequest& request, noa::Responder responder);
    void sweep_streams();
    void set_consumer(const ConsumerRequest& request, noa::Responder responder);
    void seek(const ConsumerRequest& request, noa::Responder responder);
    void take_entries(TakeTerms terms, noa::Time until, noa::Responder responder);
    void wait_for_entries(TakeTerms terms, noa::Time until, Millis next, noa::Responder responder);
    // Those who wait for entries of it look again; an empty consumer: any.
    void wake_consumers(const std::string& stream, const std::string& consumer);
    void settle(const SettleRequest& request, Verdict verdict, noa::Responder responder);
    // `step(streams)`, a Told<T>, in the next commit; then `done(value, responder)` on the lane.
    template <class T, class S, class D>
    void stage(noa::Responder responder, S step, D done) {
        if (!store_fault_.empty()) {
            responder.fail(noa::sdk::Error{NOA_E_UNAVAILABLE,
                                           "the store takes nothing: " + store_fault_,
                                           std::chrono::seconds(1)});
            return;
        }
        auto result = std::make_unique<std::optional<noa::Result<T>>>();
        auto* place = result.get();
        gathering_->batch.steps.emplace_back(
            [place, step = std::move(step)](Streams& streams) -> Stored<> {
                auto told = step(streams);
                if (!told) {
                    return told.error();
                }
                place->emplace(*std::move(told));
                return {};
            });
        gathering_->later.push_back(
            {std::move(responder),
             [result = std::move(result), done = std::move(done)](noa::Responder back) mutable {
                 if (**result) {
                     done(*std::move(**result), std::move(back));
                 } else {
                     back.fail((*result)->error());
                 }
             }});
        flush();
    }

    // control.cpp
    void set_up_control(noa::Setup& setup);
    void set_up_recipient_metrics(noa::Setup& setup);
    Body queues();
    Body breakers();
    Body stats();
    Body breaker(const BreakerRequest& request, void (Breaker::*change)() noexcept);
    void set_group(GroupRequest request, const noa::Request& message, noa::Responder responder);
    Body list_groups();

    Settings settings_;
    std::unique_ptr<Deliveries> deliveries_;
    std::unique_ptr<Seen> seen_;
    std::optional<Rules> rules_;
    RuleMode schema_mode_ = RuleMode::off;
    Shapes shapes_;
    struct Parked {
        std::set<std::string> agents; // that have not answered
        noa::sdk::Function<void()> run;
    };
    std::list<Parked> parked_; // as many as the inbox lets in
    std::set<std::string> asked_;
    std::map<std::string, Endpoint> endpoints_;
    std::map<std::string, Hook> hooks_;
    std::map<std::string, std::vector<std::string>> groups_;
    struct Taker {
        TakeRequest request;
        std::string worker;
        noa::Responder responder;
        noa::TimerId timer = 0;
    };
    std::list<Taker> takers_; // who wait for a task, the first first
    struct EntryTaker {
        TakeTerms terms;
        noa::Time until;
        noa::Responder responder;
        noa::TimerId timer = 0;
    };
    std::list<EntryTaker> entry_takers_; // who wait for entries of streams
    bool sweeping_ = false;
    bool processing_ = true; // there may be tasks in processing
    std::multimap<Seq, Waiter> waiters_;
    std::map<std::string, Bucket> sender_rates_;
    Bucket class_rates_[3];
    std::unique_ptr<Group> gathering_ = std::make_unique<Group>();
    bool in_flight_ = false;
    bool pump_posted_ = false;
    std::string store_fault_; // of the last commit; empty: it went well
    std::string quarantined_; // a store that was put aside at the start; empty: none
    std::string store_name_;
    std::uint64_t secret_ = 0;
    Traced traced_;
    std::uint64_t longest_ = 0; // that the queue was, since memory was given back
    std::uint64_t turns_ = 0;   // of attempts, over all starts of this object
    Seq last_seq_ = 0;
    Millis last_created_ = 0;
    Millis clock_offset_ = 0; // of dates to the host's clock
    noa::sdk::Jitter jitter_{0};
    noa::sdk::TimerId tick_timer_ = 0;
    noa::Counter accepted_;
    noa::Counter refused_;
    noa::Counter duplicates_;
    noa::Counter flagged_;
    noa::Counter rejected_;
    noa::Counter commits_;
    noa::Counter appended_;
    noa::Counter handed_out_;
    // They go first: what their threads hand back refers to the rest.
    std::unique_ptr<Poster> poster_;
    noa::BackupHooks backup_;
    std::unique_ptr<noa::Worker<Reader>> reader_;
    std::unique_ptr<noa::sqlite::StoreWorker<Store>> writer_;
};

} // namespace communication
