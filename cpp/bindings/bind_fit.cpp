#include <algorithm>
#include <array>
#include <map>

#include "bindings.hpp"
#include "epochs.hpp"
#include "family.hpp"
#include "fastmlp/nn/ensemble.hpp"
#include "fastmlp/train/fit.hpp"
#include "member.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

template <class Family>
Family member_of(const py::object& given) {
  std::optional<Family> member;
  if (!read_member(given, member)) throw py::type_error("fit_many: expected a member of a family");
  return *member;
}

// (patience, min_delta, relative_delta, on_validation, restore_best), or None.
StopRule stop_rule(const py::object& given) {
  if (given.is_none()) return {};
  const auto [patience, min_delta, relative, on_validation, restore_best] =
      given.cast<std::tuple<Index, double, double, bool, bool>>();
  return {patience, min_delta, relative, on_validation, restore_best};
}

// Samples (training, validation) in the form that a network reads, in memory that stays in place
// while this exists. Each is (X, targets, weights, lengths); there may be no validation, None.
template <class T>
class FitSamples {
 public:
  FitSamples(const py::tuple& given, const Network<T>& network, const Loss& loss)
      : form_(form_of(network, loss)) {
    training_ = read(leased_training_, given[0], network, loss);
    if (!given[1].is_none()) validation_ = read(leased_validation_, given[1], network, loss);
  }

  // What a network reads; throws at one of another form.
  void give(FitSettings<T>& settings) const {
    require(form_of(*settings.network, settings.options.loss) == form_,
            "fit_many: the samples are those of another network");
    settings.training = training_;
    settings.validation = validation_;
  }

 private:
  using Form = std::array<Index, 5>;
  static Form form_of(const Network<T>& network, const Loss& loss) {
    const Plan<T>& plan = network.plan();
    const Index outputs = plan.outputs();
    return {plan.inputs(), outputs, group_units(plan.output(), outputs),
            couples_units(plan.output()), target_columns(loss, outputs)};
  }
  static DataRows<T> read(std::optional<LeasedDataset<T>>& leased, const py::tuple& given,
                          const Network<T>& network, const Loss& loss) {
    leased.emplace(given[0], given[1], given[2], given[3], network, loss);
    require(leased->data().size() > 0, "fit_many: there are no samples");
    return {&leased->data(), nullptr};
  }

  Form form_;
  std::optional<LeasedDataset<T>> leased_training_, leased_validation_;
  DataRows<T> training_, validation_;
};

// The networks of a call with their settings. A job is (network, plan, seed, first_epoch, rows,
// validation_rows), of which rows may be None. Plans and samples are read once, also where many
// jobs have them.
template <class T>
class Fits {
 public:
  Fits(py::list jobs, const py::tuple& common) : jobs_(std::move(jobs)) {
    settings_.reserve(jobs_.size());
    for (const py::handle each : jobs_) {
      const auto job = each.cast<py::tuple>();
      auto& network = job[0].cast<Network<T>&>();
      const py::tuple plan = job[1];
      const auto [known, is_new] = plans_.try_emplace(plan.ptr());
      if (is_new) known->second = settings_of(plan, common, network);
      FitSettings<T>& settings = settings_.emplace_back(known->second);
      settings.network = &network;
      std::unique_ptr<FitSamples<T>>& samples = samples_[py::object(plan[8]).ptr()];
      if (!samples) {
        samples = std::make_unique<FitSamples<T>>(plan[8], network, settings.options.loss);
      }
      samples->give(settings);
      settings.options.seed = job[2].cast<std::uint64_t>();
      settings.options.first_epoch = job[3].cast<std::uint32_t>();
      settings.training.rows = rows_of_job(job[4], settings.training);
      settings.validation.rows = rows_of_job(job[5], settings.validation);
      require(settings.validation.data || !settings.stopping.on_validation,
              "fit_many: there is no validation");
    }
  }

  const std::vector<FitSettings<T>>& settings() const { return settings_; }
  // Of all runs together.
  double operations() const {
    double sum = 0;
    for (const FitSettings<T>& each : settings_) sum += operations_of(each);
    return sum;
  }

 private:
  // A plan is (loss, optimizer, batch_size, l1, l2, shuffle, epochs, ends_at_plateau, samples), and
  // common to all are (regularize_biases, weighting, l2_scale, plateau, stopping).
  static FitSettings<T> settings_of(const py::tuple& plan, const py::tuple& common,
                                    Network<T>& network) {
    FitSettings<T> settings;
    settings.network = &network;
    TrainerOptions& options = settings.options;
    options.loss = member_of<Loss>(plan[0]);
    settings.optimizer = member_of<AnyOptimizer>(plan[1]);
    const auto custom = [](const auto& rule) { return rule.learning_rate.custom() != nullptr; };
    const Rule* rule = std::get_if<Rule>(&settings.optimizer);
    require(!rule || !std::visit(custom, *rule), "fit_many: the schedule is in Python");
    options.batch_size = plan[2].cast<Index>();
    settings.l1 = plan[3].cast<double>();
    settings.l2 = plan[4].cast<double>();
    options.shuffle = plan[5].cast<bool>();
    settings.epochs = plan[6].cast<Index>();
    settings.regularize_biases = common[0].cast<bool>();
    options.weighting = common[1].cast<std::string>() == "set" ? Weighting::set : Weighting::batch;
    options.l2_scale =
        common[2].cast<std::string>() == "constant" ? L2Scale::constant : L2Scale::batch_weight;
    if (plan[7].cast<bool>()) settings.plateau = stop_rule(common[3]);
    settings.stopping = stop_rule(common[4]);
    return settings;
  }

  // Arrays that several jobs have are copied once.
  const std::vector<Index>* rows_of_job(const py::object& rows, const DataRows<T>& samples) {
    if (rows.is_none()) return nullptr;
    std::vector<Index>& kept = rows_[{rows.ptr(), samples.data}];
    if (kept.empty()) kept = *order_of(rows, samples.size());
    return &kept;
  }

  py::list jobs_;  // keeps all objects, so that their addresses stay theirs
  std::map<PyObject*, FitSettings<T>> plans_;
  std::map<PyObject*, std::unique_ptr<FitSamples<T>>> samples_;
  std::map<std::pair<PyObject*, const Dataset<T>*>, std::vector<Index>> rows_;
  std::vector<FitSettings<T>> settings_;
};

// (status, columns of the history, epochs, whether there was an update), or None.
py::object result_of(const FitRecord& record) {
  if (!record.status) return py::none();
  py::dict columns;
  const auto enter = [&](const char* name, const std::vector<double>& values) {
    if (!values.empty()) columns[name] = values;
  };
  enter("loss", record.losses);
  enter("mistakes", record.mistakes);
  enter("val_loss", record.validation_losses);
  return py::make_tuple(record.status, columns, record.epochs, record.updated);
}

// `results` receives that of each job, also where an exception ends the call.
template <class T>
void fit_all(py::list jobs, const py::tuple& common, std::optional<double> max_seconds,
             py::list results, const py::object& progress) {
  const Fits<T> fits(std::move(jobs), common);
  std::vector<FitRecord> records(fits.settings().size());
  std::atomic<Index> finished{0};
  ProgressCheck check(progress, [&] { return static_cast<double>(finished.load()); });
  const auto run_all = [&] {
    const Work work{fits.operations()};
    const auto most = static_cast<Index>(records.size());  // there is no work for others
    const auto threads = static_cast<int>(std::min<Index>(threads_for(work), most));
    const GilRelease release;
    with_team(threads, std::ref(check), [&](ThreadTeam& team) {
      fit_many<T>(fits.settings(), records,
                  max_seconds.value_or(std::numeric_limits<double>::infinity()), finished, team);
    });
  };
  const auto write = [&] {
    for (const FitRecord& record : records) results.append(result_of(record));
  };
  try {
    run_all();
  } catch (...) {
    write();
    throw;
  }
  write();
}

template <class T>
py::tuple ensemble_outputs(const std::vector<std::shared_ptr<Network<T>>>& networks,
                           const py::object& x, const py::object& lengths) {
  require(networks.size() > 1, "predict: expected at least two networks");
  const Plan<T>& first = networks[0]->plan();
  double operations = 0;
  InputRows<T> input(x, first.inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  for (const auto& network : networks) {
    require(
        network->plan().inputs() == first.inputs() && network->plan().outputs() == first.outputs(),
        "predict: the networks have other shapes");
    operations += forward_operations(*network, rows.rows);
  }
  auto [means, mean] = new_rows<T>(rows.rows, first.outputs());
  auto [deviations, deviation] = new_rows<T>(rows.rows, first.outputs());
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  const auto rounds = static_cast<double>(networks.size());
  run({operations / rounds, rounds}, [&, mean = mean, deviation = deviation](ThreadTeam& team) {
    predict_ensemble<T>(networks, rows, mean, deviation, team, steps);
  });
  return py::make_tuple(means, deviations);
}

template <class T>
void bind_fit(py::module_& m) {
  m.def("fit_many", &fit_all<T>, py::arg("jobs"), py::arg("common"), py::arg("max_seconds"),
        py::arg("results"), py::arg("progress"), "Trains many networks, one thread each.");
  m.def("predict_ensemble", &ensemble_outputs<T>, py::arg("networks"), py::arg("X"),
        py::arg("lengths"), "Means and standard deviations of the outputs of the networks.");
}

}  // namespace

void bind_fits(py::module_& float32, py::module_& float64) {
  bind_fit<float>(float32);
  bind_fit<double>(float64);
}

}  // namespace fastmlp::bindings
