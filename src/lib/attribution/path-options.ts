/** @file The options that methods along a path share. */
import { choice } from './options.ts';
import type { QuadratureName } from './quadrature.ts';

export const pathQuadrature = (fallback: QuadratureName) =>
  choice(
    { title: 'Quadrature', description: 'How the points are placed and weighted.' },
    {
      'gauss-legendre': 'Gauss–Legendre',
      'riemann-left': 'Riemann, left',
      'riemann-right': 'Riemann, right',
      'riemann-middle': 'Riemann, middle',
      'riemann-trapezoid': 'Riemann, trapezoid',
    },
    fallback,
  );
