import '../kit/base.css';
import '../kit/parts.css';
import '../kit/grid.css';
import './style.css';
import { App } from './app';

const root = document.getElementById('main');
if (root !== null) new App(root);
