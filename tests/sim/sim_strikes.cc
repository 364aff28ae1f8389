// What goes wrong with the processes of a Cluster, the network between them and their stores.
#include <utility>

#include "tests/sim/sim_cluster_nodes.h"
#include "tests/sim/sim_network.h"

namespace millrace::sim {
namespace {

absl::Duration Millis(uint64_t n) { return absl::Milliseconds(static_cast<int64_t>(n)); }

}  // namespace

std::vector<std::string> Cluster::Roles() const {
  std::vector<std::string> roles;
  for (const CoordinatorSeat& seat : coordinators_) roles.push_back(seat.role);
  for (const WorkerSeat& seat : workers_) roles.push_back(seat.role);
  return roles;
}

void Cluster::Strike() {
  next_slice_ += FaultPlan::kSlice;
  const Process* holder = lease_.holder;
  bool renews = holder != nullptr && holder->alive && !holder->frozen && !world_.network().IsCut(holder->name, "lease");
  if (renews) lease_.expires = world_.now() + FaultPlan::kSlice + lease_.duration;
  if (faults_.stopped()) return;
  StrikeWorkers();
  StrikeCoordinators();
  StrikeNetwork();
  StrikeStores();
  Fault* stop = faults_.Take(FaultKind::kStop, "user");
  Fault* cancel = faults_.Take(FaultKind::kCancel, "user");
  if (rescale_ == nullptr && (stop != nullptr || cancel != nullptr)) {
    rescale_ = stop != nullptr ? stop : cancel;
    rescale_by_ = world_.now() + absl::Milliseconds(200);
  }
}

void Cluster::StrikeWorkers() {
  Fault* kill_all = faults_.Take(FaultKind::kKill, "workers");
  for (WorkerSeat& seat : workers_) {
    Fault* kill = faults_.Take(FaultKind::kKill, seat.role);
    Fault* freeze = faults_.Take(FaultKind::kFreeze, seat.role);
    Fault* silent = faults_.Take(FaultKind::kSilentFreeze, seat.role);
    if (seat.node == nullptr) continue;
    if (kill_all != nullptr) seat.node->doom.Seal(*kill_all);
    if (kill != nullptr) seat.node->doom.Seal(*kill);
    if (seat.node->process->frozen) continue;
    if (freeze != nullptr) {
      freeze->until += Millis(50 + freeze->random.Below(600));
      FreezeWorker(seat, *freeze, /*silently=*/false);
    } else if (silent != nullptr) {
      silent->until += options_.heartbeat_timeout * (0.5 + 2 * static_cast<double>(silent->random.Below(100)) / 100);
      FreezeWorker(seat, *silent, /*silently=*/true);
    }
  }
}

void Cluster::FreezeWorker(WorkerSeat& seat, Fault& fault, bool silently) {
  seat.thaw_at = fault.until;
  windows_.OnFreeze(*seat.node->process);
  world_.Freeze(seat.node->process, silently);
}

void Cluster::StrikeCoordinators() {
  Fault* kill_all = faults_.Take(FaultKind::kKill, "coordinators");
  for (CoordinatorSeat& seat : coordinators_) {
    Fault* kill = faults_.Take(FaultKind::kKill, seat.role);
    Fault* freeze = faults_.Take(FaultKind::kFreeze, seat.role);
    Fault* silent = faults_.Take(FaultKind::kSilentFreeze, seat.role);
    if (seat.node == nullptr) continue;
    if (kill_all != nullptr) seat.node->doom.Seal(*kill_all);
    if (kill != nullptr) seat.node->doom.Seal(*kill);
    if (seat.node->process->frozen || seat.freeze != nullptr || (freeze == nullptr && silent == nullptr)) continue;
    seat.freeze = freeze != nullptr ? freeze : silent;
    seat.freeze_by = world_.now() + absl::Milliseconds(300);
  }
}

// A worker dies while it takes up a deployment, perhaps soon after others have died.
void Cluster::StrikeRestoring() {
  if (uint64_t generation = windows_.record().generation(); generation > generation_struck_) {
    generation_struck_ = generation;
    for (WorkerSeat& seat : workers_) {
      Fault* kill = faults_.Take(FaultKind::kKillRestoring, seat.role);
      if (kill == nullptr) continue;
      kill->until += Millis(1 + kill->random.Below(60));
      restoring_kills_.emplace_back(kill->until, kill);
    }
  }
  std::erase_if(restoring_kills_, [&](auto& due) {
    if (world_.now() < due.first) return false;
    for (WorkerSeat& seat : workers_) {
      bool meant = due.second->id.find(Cat("/", seat.role, "/")) != std::string::npos;
      if (meant && seat.node != nullptr) seat.node->doom.Seal(*due.second);
    }
    return true;
  });
}

void Cluster::FreezeCoordinator(CoordinatorSeat& seat, bool silently) {
  Fault& fault = *std::exchange(seat.freeze, nullptr);
  absl::Duration lasts = Millis(50 + fault.random.Below(600));
  if (silently) lasts = lasts + options_.lease * 2;
  fault.until = world_.now() + lasts;
  if (polled_ == seat.node->process->number) polled_.reset();
  windows_.OnFreeze(*seat.node->process);
  world_.Freeze(seat.node->process, silently);
  Tell(seat.role, silently ? "is frozen, and nobody notices" : "is frozen");
  bool wakes_when_fenced = fault.random.Chance(0.7);
  if (options_.standby) {
    seat.thaw_at = fault.until;
    seat.wakes_when_fenced = wakes_when_fenced;
    return;
  }
  zombies_.push_back({std::move(seat.node), fault.until, wakes_when_fenced});
  seat.restart_at = world_.now() + Millis(10 + fault.random.Below(100));
}

void Cluster::TendFrozen() {
  absl::Duration now = world_.now();
  for (CoordinatorSeat& seat : coordinators_) {
    if (seat.node == nullptr) continue;
    // Best when it has just heard that an epoch is in every table: it is about to say so, and to collect.
    bool now_is_best = seat.freeze != nullptr && windows_.IsCommitLanded() && seat.freeze->random.Chance(0.05);
    if (seat.freeze != nullptr && (now_is_best || now >= seat.freeze_by)) {
      FreezeCoordinator(seat, seat.freeze->kind == FaultKind::kSilentFreeze);
    } else if (seat.node->process->frozen &&
               (now >= seat.thaw_at || (seat.wakes_when_fenced && windows_.IsFencedOff(*seat.node->process)))) {
      Tell(seat.role, "wakes up");
      world_.Thaw(seat.node->process);
    }
  }
  for (WorkerSeat& seat : workers_) {
    if (seat.node == nullptr || !seat.node->process->frozen || now < seat.thaw_at) continue;
    Tell(seat.role, "wakes up");
    world_.Thaw(seat.node->process);
  }
}

void Cluster::TendZombies() {
  absl::Duration now = world_.now();
  for (Zombie& zombie : zombies_) {
    Process* process = zombie.node->process;
    if (process->frozen && (now >= zombie.next || (zombie.wakes_when_fenced && windows_.IsFencedOff(*process)))) {
      Tell(process->name, "wakes up beside its successor");
      world_.Thaw(process);
      zombie.next = now + absl::Seconds(1);
    } else if (zombie.node->doom.doomed || (!process->frozen && now >= zombie.next)) {
      Tell(process->name, "dies, who had a successor");
      world_.Kill(process);
      zombie.node = nullptr;
    }
  }
  std::erase_if(zombies_, [](const Zombie& zombie) { return zombie.node == nullptr; });
}

void Cluster::StrikeNetwork() {
  Network& network = world_.network();
  const std::vector<std::string> roles = Roles();
  for (const std::string& role : roles) {
    Fault* cut = faults_.Take(FaultKind::kCutOff, role);
    if (cut == nullptr) continue;
    cut->until += Millis(20 + cut->random.Below(1500));
    bool severs = cut->random.Chance(0.5);
    network.Cut(role, "lease", cut->until, false, cut->random);
    for (const std::string& other : roles) {
      if (other == role) continue;
      network.Cut(role, other, cut->until, severs, cut->random);
      network.Cut(other, role, cut->until, severs, cut->random);
    }
  }
  bool any = faults_.MayHappen(FaultKind::kCut) || faults_.MayHappen(FaultKind::kCutOneWay) || faults_.MayHappen(FaultKind::kFlap) ||
             faults_.MayHappen(FaultKind::kSlowLink);
  if (!any) return;
  for (size_t i = 0; i < roles.size(); ++i) {
    for (size_t j = i + 1; j < roles.size(); ++j) {
      const std::string& a = roles[i];
      const std::string& b = roles[j];
      const std::string pair = Cat(a, "|", b);
      if (Fault* cut = faults_.Take(FaultKind::kCut, pair)) {
        cut->until += Millis(20 + cut->random.Below(1500));
        bool severs = cut->random.Chance(0.5);
        network.Cut(a, b, cut->until, severs, cut->random);
        network.Cut(b, a, cut->until, severs, cut->random);
      }
      for (auto [from, to] : {std::pair(a, b), std::pair(b, a)}) {
        Fault* cut = faults_.Take(FaultKind::kCutOneWay, Cat(from, ">", to));
        if (cut == nullptr) continue;
        cut->until += Millis(20 + cut->random.Below(1500));
        network.Cut(from, to, cut->until, cut->random.Chance(0.5), cut->random);
      }
      if (Fault* flap = faults_.Take(FaultKind::kFlap, pair)) {
        flap->until += Millis(200 + flap->random.Below(1500));
        Flap(a, b, flap->until, flap->random);
      }
      if (Fault* slow = faults_.Take(FaultKind::kSlowLink, pair)) {
        slow->until += Millis(50 + slow->random.Below(1500));
        absl::Duration most = Millis(20 + slow->random.Below(300));
        network.Slow(a, b, slow->until, most);
        network.Slow(b, a, slow->until, most);
      }
    }
  }
}

void Cluster::Flap(const std::string& a, const std::string& b, absl::Duration until, Random random) {
  if (faults_.stopped() || world_.now() >= until) return;
  absl::Duration healed = world_.now() + Millis(10 + random.Below(80));
  bool severs = random.Chance(0.3);
  world_.network().Cut(a, b, healed, severs, random);
  world_.network().Cut(b, a, healed, severs, random);
  absl::Duration next = healed - world_.now() + Millis(10 + random.Below(80));
  world_.After(next, nullptr, [this, a, b, until, random] { Flap(a, b, until, random); });
}

void Cluster::StrikeStores() {
  for (const char* store : {"metadata", "checkpoints", "out", "late", "dead"}) {
    const std::string uri = Cat("sim://", store);
    if (Fault* down = faults_.Take(FaultKind::kStoreDown, store)) {
      down->until += Millis(20 + down->random.Below(800));
      troubles_.down_until[uri] = down->until;
    }
    if (Fault* full = faults_.Take(FaultKind::kStoreFull, store)) {
      full->until += Millis(20 + full->random.Below(1500));
      troubles_.full_until[uri] = full->until;
    }
  }
}

void Cluster::StopFaults() {
  Tell("FAULTS", "end");
  faults_.Stop();
  rivals_.left.clear();
  troubles_ = {};
  restoring_kills_.clear();
  rescale_ = nullptr;
  world_.network().Heal();
  for (CoordinatorSeat& seat : coordinators_) {
    seat.freeze = nullptr;
    seat.thaw_at = std::min(seat.thaw_at, world_.now());
  }
  for (WorkerSeat& seat : workers_) seat.thaw_at = std::min(seat.thaw_at, world_.now());
}

}  // namespace millrace::sim
