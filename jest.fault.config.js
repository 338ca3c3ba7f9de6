import base, { fault } from './jest.config.js';

export default { ...base, projects: [fault] };
