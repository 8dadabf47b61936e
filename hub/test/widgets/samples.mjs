/** One or more of each kind, with attributes as a lesson writes them. */
export const SAMPLES = [
  { kind: 'descent', surface: 'rosenbrock', optimizers: 'momentum adam gd', settings: 'momentum.learning_rate=0.0003 adam.learning_rate=0.1 gd.learning_rate=0.001', show: 'loss state', steps: '60' },
  { kind: 'descent', surface: 'bowl:condition=10', optimizers: 'gd', settings: 'gd.learning_rate=0.19', bound: 'true', steps: '40', step: '20' },
  { kind: 'descent', surface: 'bowl', settings: 'condition=4', optimizers: 'gd, newton', noise: '0.5', steps: '30' },
  { kind: 'regression' },
  { kind: 'regression', mode: 'polynomial', shape: 'wave', n: '24', degree: '5' },
  { kind: 'neighbors', features: 'bill_length_mm bill_depth_mm flipper_length_mm', target: 'species' },
  { kind: 'treegrow', x: 'bill_length_mm', y: 'flipper_length_mm', target: 'species', splits: '4' },
  { kind: 'treegrow', data: 'gen:moons:rows=150,noise=0.2', splits: '6' },
  { kind: 'treegrow', data: 'gen:moons:rows=200,noise=0.3', splits: '12', most: '25' },
  { kind: 'boost', trees: '20' },
  { kind: 'shrink' },
  { kind: 'shrink', model: 'ridge' },
  { kind: 'logit' },
  { kind: 'logit', features: '1' },
  { kind: 'split', target: 'species', splits: '12', shown: '12' },
  { kind: 'descent1d', surface: 'double_well', step: '6' },
  { kind: 'descent1d', surface: 'bowl', rate: '2.2', step: '5' },
  { kind: 'descent1d', surface: 'rastrigin', optimizer: 'momentum', start: '3.3', steps: '40', measure: 'distance' },
  { kind: 'collinear', samples: '20' },
  { kind: 'leafwise' },
  { kind: 'leafwise', shape: 'wave', trees: '8', leaves: '4', max_bins: '8' },
  { kind: 'treenoise', x: 'bill_length_mm', y: 'flipper_length_mm', target: 'species', drop: '3' },
  { kind: 'treenoise', data: 'gen:moons:rows=80,noise=0.3', trees: '6' },
  { kind: 'multiclass' },
  { kind: 'multiclass', layout: 'row', classes: '4' },
  { kind: 'multiclass', data: 'iris', x: 'petal_length', y: 'petal_width', target: 'species' },
];

export const COMPARED = [
  { id: 'c1', kind: 'shrink', left: 'model=ridge alpha=50', right: 'model=lasso alpha=0.1', alt: 'Ridge beside lasso' },
];
