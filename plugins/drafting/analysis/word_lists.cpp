#include "word_lists.hpp"

#include <array>

namespace drafting::prose {

namespace {

struct List {
    std::uint32_t traits;
    std::string_view words;
};

constexpr auto lists = std::to_array<List>({
    {trait_stop | trait_determiner,
     "a an the this that these those my your his its our their each every some any no all "
     "both either neither another such what which whose"},
    {trait_stop | trait_pronoun,
     "i me we us you he him she her it they them myself ourselves yourself yourselves "
     "himself herself itself themselves who whom mine ours yours hers theirs one ones "
     "someone somebody something anyone anybody anything everyone everybody everything "
     "nobody nothing none"},
    {trait_stop | trait_preposition,
     "about above across after against along among around at before behind below beneath "
     "beside besides between beyond by despite down during except for from in inside into "
     "like near of off on onto out outside over past per since through throughout till to "
     "toward towards under until unto up upon via with within without"},
    {trait_stop | trait_conjunction,
     "and but or nor so yet because although though unless while whereas if than when "
     "where whether as how why"},
    {trait_stop | trait_be | trait_auxiliary,
     "am is are was were be been being isn't aren't wasn't weren't"},
    {trait_stop | trait_auxiliary,
     "do does did doing have has had having can could may might must shall should will "
     "would cannot can't couldn't don't doesn't didn't haven't hasn't hadn't won't "
     "wouldn't shouldn't i'm i've i'd i'll you're you've you'll he's she's it's we're "
     "we've we'll they're they've they'll that's there's"},
    {trait_stop,
     "there here then too very also just only own same other more most much many few less "
     "least again once further now not ever never let lets"},
    {trait_between,
     "not never also always often already being been usually generally normally now then "
     "still just only ever even so soon then thus all both each first"},
    {trait_participle,
     "arisen awoken beaten become begun bent bet bitten bled blown born borne bought bound "
     "bred broken brought built burnt burst cast caught chosen clung cut dealt done drawn "
     "driven drunk dug eaten fallen fed felt flown forbidden forgiven forgotten fought "
     "found frozen given gone ground grown held hidden hit hung hurt kept known laid lain "
     "led left lent lit lost made meant met mistaken overcome overtaken paid proven put "
     "quit read rewritten ridden risen rung run said sawn seen sent set sewn shaken shed "
     "shone shorn shot shown shrunk shut slain slept slid sold sought sown spent split "
     "spoken spread spun stolen struck stuck stung sung sunk sworn swept swollen swum "
     "swung taken taught thought thrown told torn understood undertaken undone upset "
     "withdrawn withheld woken won worn wound woven written"},
    {trait_not_participle,
     "hundred naked sacred wicked red bed shed need indeed seed speed breed feed exceed "
     "proceed succeed agreed embed biped aged crooked rugged wretched united blessed "
     "learned kindred infrared"},
    {trait_not_adverb,
     "ally anomaly apply assembly assembly belly bully butterfly comply costly curly daily "
     "deadly disorderly dolly early elderly family fly folly friendly fully ghostly "
     "heavenly holy homely hourly imply italy jelly july kindly likely lively lonely "
     "lovely lowly manly melancholy monopoly monthly multiply nightly only orderly "
     "quarterly rally rely reply scholarly sickly silly sly supply tally timely ugly "
     "unfriendly unlikely unruly weekly wobbly woolly worldly yearly"},
    {trait_weak,
     "very really quite rather somewhat basically actually simply just literally totally "
     "completely extremely essentially practically virtually fairly pretty stuff thing "
     "things nice various numerous several interesting"},
    {trait_hedge,
     "perhaps maybe possibly probably presumably apparently seemingly arguably roughly "
     "approximately might could seem seems seemed appear appears appeared suggest suggests "
     "suggested likely unlikely somewhat rather usually often generally sometimes "
     "occasionally believe guess suppose assume"},
    {trait_sure, "always never must certainly definitely clearly obviously undoubtedly surely "
                 "absolutely every all none will exactly precisely proven prove proves guarantee "
                 "guarantees guaranteed"},
    {trait_positive,
     "able advantage amazing beautiful benefit benefits best better brilliant calm "
     "celebrate clean clear comfortable confident delight delightful easy effective "
     "efficient elegant enjoy enjoyed excellent fair fast favourite favorite fine free "
     "fresh friendly gain generous glad good great happy healthy helpful hope ideal "
     "improve improved improvement joy kind love loved lucky nice perfect pleasant pleased "
     "positive proud quick reliable rich robust safe simple smart smooth strong success "
     "successful support thank thanks useful valuable warm welcome win wonderful worth"},
    {trait_negative,
     "abuse afraid angry anxious awful bad blame broken careless complain complaint "
     "confusing costly crash crisis damage danger dangerous dead delay difficult dirty "
     "disappoint disappointed disappointing disaster error errors fail failed failing "
     "fails failure fault fear flaw hard harm harmful hate horrible hurt impossible "
     "inferior insecure lack lose loss lost mess mistake nasty negative obscure pain "
     "painful poor problem problems reject risk sad severe shame sick slow sorry stupid "
     "terrible threat trouble ugly unable unclear unhappy unsafe upset useless weak worry "
     "worse worst wrong"},
    {trait_formal, "accordingly aforementioned albeit ascertain commence concerning consequently "
                   "constitute demonstrate endeavour endeavor ensure facilitate furthermore hence "
                   "henceforth herein hereby however inasmuch moreover nevertheless nonetheless "
                   "notwithstanding obtain pertaining purchase pursuant regarding require requires "
                   "subsequently terminate thereby therefore therein thus utilise utilize whereas "
                   "whereby whom"},
    {trait_informal,
     "awesome bit boss bunch cool cop crap crazy damn dude folks gonna gotta guy guys hey "
     "hi huge kid kids kinda lol lots okay ok oops pretty sort sorta stuff super thing "
     "things totally wanna weird wow yeah yep yup nope"},
});

constexpr std::string_view abbreviations =
    "mr mrs ms dr prof rev gen col capt lt sgt sr jr st hon e.g i.e eg ie cf vs v al viz "
    "approx est no nos fig figs eq ch sec vol pp p ed eds inc ltd co corp dept univ jan "
    "feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri u.s u.k u.n a.m "
    "ph.d m.d";

template <class Each>
void each_word(std::string_view words, Each each) {
    while (!words.empty()) {
        const std::size_t space = words.find(' ');
        each(words.substr(0, space));
        words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1);
    }
}

} // namespace

WordLists::WordLists() {
    traits_.reserve(1024);
    for (const List& list : lists) {
        each_word(list.words, [&](std::string_view word) { traits_[word] |= list.traits; });
    }
    each_word(abbreviations, [&](std::string_view word) {
        abbreviations_.insert(word);
        traits_[word] |= trait_short;
    });
}

std::uint32_t WordLists::traits_of(std::string_view word) const {
    const auto found = traits_.find(word);
    return found == traits_.end() ? 0 : found->second;
}

bool WordLists::is_abbreviation(std::string_view word) const {
    if (word.empty() || word.size() > 8) {
        return false;
    }
    std::array<char, 8> small{};
    for (std::size_t at = 0; at < word.size(); ++at) {
        const char letter = word[at];
        small[at] = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
    }
    return abbreviations_.contains(std::string_view(small.data(), word.size()));
}

} // namespace drafting::prose
